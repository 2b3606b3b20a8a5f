// Whether what a test expects has happened. Input: a typed expectation and what a run decided.
// Output: met or not, and in words what happened instead. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/sema/typed.h"
#include "runtime/plan/plan.h"
#include "runtime/stage/engine.h"

namespace rel::testing {

// Where the release stands from a time on, in nanoseconds since the start of the test.
struct Standing {
  int64_t at_ns = 0;
  Phase phase = Phase::idle;
  StageId stage;
  uint32_t share_millionths = 0;
};

// What a run has decided so far.
struct RunLog {
  const Plan* plan = nullptr;
  int64_t start_ns = 0;  // since the Unix epoch: decisions have such times
  int64_t end_ns = 0;    // since the start
  std::vector<Decision> decisions;
  std::vector<Standing> standings;  // changes, oldest first
};

// The first decision that is what the expectation names; of one with `no`, that breaks it.
std::optional<size_t> find_decision(const RunLog& log, const sema::TypedExpectation& expected);

struct Judgement {
  bool met = false;
  std::string happened;            // empty when met
  std::optional<size_t> decision;  // the one it is about
  int64_t about_ns = 0;            // the moment it is about
};

Judgement judge(const RunLog& log, const sema::TypedExpectation& expected);

// The candidate's share and stage, as people say it: `canary at 25%`.
std::string place_text(const Plan& plan, StageId stage, uint32_t share_millionths);

}  // namespace rel::testing
