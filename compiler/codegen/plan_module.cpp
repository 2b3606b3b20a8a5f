// Puts the predicates of a plan and its hash into a module, and has LLVM verify it.
#include "compiler/codegen/plan_module.h"

#include <fmt/format.h>

#include <llvm/IR/Constants.h>
#include <llvm/IR/GlobalVariable.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include "compiler/codegen/predicate_ir.h"

namespace rel::codegen {
namespace {

// An evaluator that loads an object compares this with plan_hash of its plan: verdicts of another
// plan must never be taken for its own.
void add_plan_hash(const Plan& plan, llvm::Module& module) {
  llvm::Type* type = llvm::Type::getInt64Ty(module.getContext());
  auto* hash = new llvm::GlobalVariable(module, type, true, llvm::GlobalValue::ExternalLinkage,
                                        llvm::ConstantInt::get(type, plan_hash(plan)),
                                        plan_hash_symbol);
  hash->setDSOLocal(true);
  hash->setAlignment(llvm::Align(8));
}

Status verify_module(const llvm::Module& module) {
  std::string complaint;
  llvm::raw_string_ostream stream(complaint);
  if (!llvm::verifyModule(module, &stream)) return ok();
  return Error{fmt::format("internal error: generated code is not well formed: {}", complaint)};
}

}  // namespace

std::string predicate_symbol(PredicateId predicate) {
  return fmt::format("rel_predicate_{}", predicate.value);
}

Result<PlanModule> make_plan_module(const Plan& plan, const llvm::TargetMachine& machine,
                                    ValueNames names) {
  PlanModule result;
  result.context = std::make_unique<llvm::LLVMContext>();
  result.context->setDiscardValueNames(names == ValueNames::discard);
  result.module = std::make_unique<llvm::Module>(plan.release, *result.context);
  result.module->setTargetTriple(machine.getTargetTriple().str());
  result.module->setDataLayout(machine.createDataLayout());
  result.module->setPICLevel(llvm::PICLevel::BigPIC);

  add_plan_hash(plan, *result.module);
  for (uint32_t index = 0; index < plan.predicates.size(); ++index) {
    emit_predicate(plan, PredicateId{index}, *result.module);
  }
  Status verified = verify_module(*result.module);
  if (!verified) return verified.error();
  return result;
}

}  // namespace rel::codegen
