// What a point of the checklist, a review or a hook answered when it was last read: the evidence.
// Input: whoever read it. Output: the checklist, the journal, `relc status`. Owner: the checklist.
#pragma once

#include <cstdint>
#include <string>

namespace rel {

struct GateReading {
  bool passed = false;
  std::string asked;     // `2 of team risk-leads`
  std::string answered;  // `alice`, or why it could not be read
  std::string detail;    // evidence beside the answer, which is journaled with it: a digest
  std::string missing;   // what is missing and who can give it; empty when it is passed
  int64_t time_ns = 0;

  bool says_the_same(const GateReading& other) const {
    return passed == other.passed && asked == other.asked && answered == other.answered;
  }
};

}  // namespace rel
