// What the points of a checklist answered: the evidence of every change, as the journal keeps it.
// Input: readings of the host. Output: the same, in their order. Owner: the journal, whose database
// it borrows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/journal/database.h"

namespace rel {

struct ProbeRecord {
  int64_t release = 0;
  uint32_t gate = 0;  // row of the plan
  int64_t time_ns = 0;
  bool passed = false;
  std::string asked;
  std::string answered;
};

class ProbeTable {
 public:
  explicit ProbeTable(Database& database) : database_(database) {}

  Status put(const ProbeRecord& record);
  // Of a release, oldest first.
  Result<std::vector<ProbeRecord>> all(int64_t release);

 private:
  Database& database_;
};

}  // namespace rel
