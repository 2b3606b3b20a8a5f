// A plan as a module of LLVM IR: every predicate, and the hash of the plan they belong to.
// Input: a verified plan and the machine it is for. Output: a verified module and its context,
// owned by the caller.
#pragma once

#include <memory>
#include <string>

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include "runtime/base/result.h"
#include "runtime/plan/plan.h"

namespace llvm {
class TargetMachine;
}

namespace rel::codegen {

// Names of values cost time and only people read them.
enum class ValueNames : uint8_t { keep, discard };

struct PlanModule {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;  // after its context: destroyed before it
};

Result<PlanModule> make_plan_module(const Plan& plan, const llvm::TargetMachine& machine,
                                    ValueNames names);

std::string predicate_symbol(PredicateId predicate);
// The symbol of the hash of the plan that an object was made for, a uint64_t.
inline constexpr const char* plan_hash_symbol = "rel_plan_hash";

}  // namespace rel::codegen
