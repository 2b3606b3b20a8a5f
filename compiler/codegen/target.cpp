// Which machine, tier and options code is made with, and why.
#include "compiler/codegen/target.h"

#include <fmt/format.h>

#include <mutex>

#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/Host.h>

namespace rel::codegen {
namespace {

// LLVM keeps its targets in a registry of the process, to be filled once.
void initialise_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
}

}  // namespace

// Why no optimisation: the emitter leaves little to do (no branch, each number read once, constants
// folded). Measured with tests/bench on one predicate of 17 nodes, beside the same in C++ -O3 at
// 6.6 ns a call: FastISel 7.3 ns, 0.09 ms to compile; SelectionDAG 5.7 ns, 1.3 ms, and a time that
// grows faster than the function. Why the baseline instruction set: an object must run on every
// machine of its kind, and JIT and AOT are the same bytes.
Result<std::unique_ptr<llvm::TargetMachine>> make_target_machine() {
  initialise_llvm();
  const std::string triple = llvm::sys::getProcessTriple();
  std::string reason;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, reason);
  if (target == nullptr) {
    return Error{fmt::format("no code generation for {}: {}; use the interpreter", triple, reason)};
  }
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;  // a fused multiply-add rounds once
  llvm::TargetMachine* machine =
      target->createTargetMachine(triple, "", "", options, llvm::Reloc::PIC_,
                                  llvm::CodeModel::Small, llvm::CodeGenOptLevel::None, true);
  if (machine == nullptr) {
    return Error{fmt::format("no code generation for {}; use the interpreter", triple)};
  }
  return std::unique_ptr<llvm::TargetMachine>(machine);
}

Result<llvm::SmallVector<char, 0>> emit_object(llvm::TargetMachine& machine, llvm::Module& module) {
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile)) {
    return Error{fmt::format("cannot write objects for {}; use the interpreter",
                             machine.getTargetTriple().str())};
  }
  passes.run(module);
  return object;
}

}  // namespace rel::codegen
