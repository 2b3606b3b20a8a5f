// Runs one test: the real runtime in virtual time, fed by the test's traffic.
// Input: a checked policy, one of its tests and the plan of its release. Output: what was decided,
// each expectation judged, and which triggers fired. Deterministic; no file, clock or thread.
#pragma once

#include <vector>

#include "compiler/testing/judge.h"
#include "runtime/base/result.h"

namespace rel::testing {

struct TestRun {
  const sema::TypedTest* test = nullptr;
  RunLog log;
  std::vector<Judgement> judgements;  // by expectation
  std::vector<bool> fired;            // by trigger of the plan: its condition was true at a tick
  std::vector<uint32_t> unfed;        // metrics that nothing carried
  uint64_t requests = 0;

  bool passed() const {
    for (const Judgement& each : judgements)
      if (!each.met) return false;
    return true;
  }
};

// Ticks are 100 ms apart for ten minutes from the start and from each change of what is fed, and a
// second apart otherwise. A run ends when every expectation is decided, the release has ended, or
// nothing is left to wait for.
Result<TestRun> run_test(const sema::TypedPolicy& policy, const sema::TypedTest& test,
                         const Plan& plan);

}  // namespace rel::testing
