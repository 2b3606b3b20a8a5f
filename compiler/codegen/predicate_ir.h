// One predicate of a plan as a function of LLVM IR without branches (a fold is one counted loop).
// Input: a verified plan, a predicate of it. Output: the function `rel_predicate_<index>` in the
// module, of the form PredicateFn. Owner: the module.
#pragma once

#include "runtime/plan/plan.h"

namespace llvm {
class Module;
}

namespace rel::codegen {

// A verified predicate has at most limits::nodes_per_predicate_max nodes and each becomes code
// once, so the size of a function is bounded, and so is the time to compile it.
void emit_predicate(const Plan& plan, PredicateId predicate, llvm::Module& module);

}  // namespace rel::codegen
