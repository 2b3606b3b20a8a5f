// librel_codegen.so, loaded when it is first needed: LLVM costs start-up time and memory that
// checking and interpreting never pay.
// Input: the directory it is in. Output: its functions, or why it cannot be loaded. The library
// stays loaded for the life of the process, because machine code it made may still run.
#pragma once

#include <string>
#include <string_view>

#include "compiler/codegen/codegen.h"
#include "runtime/base/result.h"

namespace rel {

struct CodegenLibrary {
  decltype(&rel_jit_compile) jit_compile = nullptr;
  decltype(&rel_jit_predicates) jit_predicates = nullptr;
  decltype(&rel_jit_predicate_count) jit_predicate_count = nullptr;
  decltype(&rel_jit_free) jit_free = nullptr;
  decltype(&rel_codegen_emit) emit = nullptr;
};

Result<CodegenLibrary> load_codegen(const std::string& directory);

// An artefact of a saved plan: "ir" or "obj".
Result<std::string> emit_code(const CodegenLibrary& library, std::string_view plan,
                              const std::string& kind);

}  // namespace rel
