// What a gateway asks of librel_compiler.so: a policy file in, a saved plan and compiled predicates
// out. The gateway's master loads the library before its workers fork; the compiler implements it
// (compiler/plugin), so that nothing here depends on the compiler's sources.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/eval/evaluator.h"

#pragma GCC visibility push(default)
extern "C" {

struct RelCompiled;  // owns the plan's bytes, machine code and diagnostics

enum RelCompileMode { rel_compile_interpret = 0, rel_compile_jit = 1 };

// Compiles the release `release` (NULL or empty: the only one) of the policy at `path`, or loads
// it when `path` is a saved plan. `time_scale` multiplies step, soak, at least and at most times
// (1: as written; a saved plan is never scaled). Never NULL except when out of memory.
RelCompiled* rel_compile_file(const char* path, const char* release, int mode, double time_scale);

// Not 0: no plan; the diagnostics say why, rendered one a line in the GCC form.
int rel_compiled_failed(const RelCompiled* compiled);
const char* rel_compiled_diagnostics(const RelCompiled* compiled);
const char* rel_compiled_plan(const RelCompiled* compiled, size_t* size);
const rel::PredicateFn* rel_compiled_predicates(const RelCompiled* compiled, size_t* count);
void rel_compiled_free(RelCompiled* compiled);
}
#pragma GCC visibility pop
