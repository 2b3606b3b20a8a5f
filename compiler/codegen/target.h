// The machine that code is made for, and machine code from a module.
// Input: a module. Output: the bytes of a relocatable object. JIT and AOT use the same function,
// hence the same bytes.
#pragma once

#include <memory>

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/Error.h>
#include <llvm/Target/TargetMachine.h>

#include "runtime/base/result.h"

namespace rel::codegen {

// This process's machine: position independent code, the baseline instruction set.
Result<std::unique_ptr<llvm::TargetMachine>> make_target_machine();

// Consumes the module: code generation changes it.
Result<llvm::SmallVector<char, 0>> emit_object(llvm::TargetMachine& machine, llvm::Module& module);

// Where LLVM's errors end and ours begin.
inline Error to_error(llvm::Error error) { return Error{llvm::toString(std::move(error))}; }

}  // namespace rel::codegen
