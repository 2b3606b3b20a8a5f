// Evaluates the predicates of a plan over one frame. The interpreter is the reference; compiled
// code (JIT, AOT) is a table of functions that must agree with it bit for bit.
// Input: a verified plan and a sealed frame. Output: one verdict a predicate. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "runtime/base/verdict.h"
#include "runtime/plan/plan.h"

namespace rel {

// The numbers of one tick, as columns. Sealed: a value is finite, or its causes are not none.
struct FrameView {
  const double* values = nullptr;     // Plan::frame_size
  const uint8_t* causes = nullptr;    // Plan::frame_size, Cause bits
  const uint8_t* sustained = nullptr;  // Plan::sustains.size(), Verdict of each
};

// Makes a frame sealed: a value that is not finite and has no cause becomes a source error.
void seal_frame(std::span<double> values, std::span<uint8_t> causes);

// The form of compiled predicates; the result is a Verdict. Exported symbols of an AOT object are
// `rel_predicate_<index>`, and `rel_plan_hash` (uint64_t) that must equal plan_hash(plan).
using PredicateFn = uint8_t (*)(const double* values, const uint8_t* causes,
                                const uint8_t* sustained);

// The reference evaluator. Never traps on a verified plan.
Verdict interpret(const Plan& plan, PredicateId predicate, const FrameView& frame);

// The verdict of one node of a predicate for one cell, such as the body of a fold: which cell made
// `in any` true. Outside folds the cell is 0.
Verdict interpret_node(const Plan& plan, PredicateId predicate, NodeId node, uint32_t cell,
                       const FrameView& frame);

// Either the interpreter (no functions) or compiled code (one function a predicate).
struct Evaluator {
  const Plan* plan = nullptr;
  std::span<const PredicateFn> compiled;

  Verdict operator()(PredicateId predicate, const FrameView& frame) const {
    if (compiled.empty()) return interpret(*plan, predicate, frame);
    return static_cast<Verdict>(
        compiled[predicate.value](frame.values, frame.causes, frame.sustained));
  }
};

}  // namespace rel
