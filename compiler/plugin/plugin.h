// The compiler as a library for a gateway's master process, librel_compiler.so: a policy file in, a
// saved plan and compiled predicates out. Loaded with dlopen before the workers fork; it loads
// librel_codegen.so from its own directory, and interprets when told not to compile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/eval/evaluator.h"

extern "C" {

struct RelCompiled;  // owns the plan's bytes, machine code and diagnostics

enum RelCompileMode { rel_compile_interpret = 0, rel_compile_jit = 1 };

// Compiles the release `release` (NULL or empty: the only one) of the policy at `path`, or loads
// it when `path` is a saved plan. Never NULL except when out of memory.
RelCompiled* rel_compile_file(const char* path, const char* release, int mode);

// Not 0: no plan; the diagnostics say why, rendered one a line in the GCC form.
int rel_compiled_failed(const RelCompiled* compiled);
const char* rel_compiled_diagnostics(const RelCompiled* compiled);
const char* rel_compiled_plan(const RelCompiled* compiled, size_t* size);
const rel::PredicateFn* rel_compiled_predicates(const RelCompiled* compiled, size_t* count);
void rel_compiled_free(RelCompiled* compiled);
}
