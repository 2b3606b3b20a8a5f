// librel_codegen.so for the plugin, loaded when it is first needed: LLVM costs start-up time and
// memory that interpreting never pays.
// Input: the directory it is in. Output: its functions, or why it cannot be loaded. The library
// stays loaded for the life of the process, because machine code it made may still run.
#pragma once

#include <string>

#include "compiler/codegen/codegen.h"
#include "runtime/base/result.h"

namespace rel {

struct CodegenFunctions {
  decltype(&rel_jit_compile) jit_compile = nullptr;
  decltype(&rel_jit_predicates) jit_predicates = nullptr;
  decltype(&rel_jit_predicate_count) jit_predicate_count = nullptr;
  decltype(&rel_jit_free) jit_free = nullptr;
};

Result<CodegenFunctions> load_codegen(const std::string& directory);

}  // namespace rel
