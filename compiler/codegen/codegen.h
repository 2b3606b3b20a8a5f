// Code generation as a library of its own, librel_codegen.so, loaded on demand: no program that
// only checks has libLLVM among its needed libraries. The interface is C and small, so that both
// `relc` and a gateway's master process can dlopen it.
// Input: a saved plan (runtime/plan/plan.h). Output: predicates as machine code, or an artefact.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/eval/evaluator.h"

#pragma GCC visibility push(default)
extern "C" {

struct RelJit;  // owns machine code; freed by rel_jit_free

// Compiles every predicate of the plan into one module. NULL on failure, with the reason in `error`
// (terminated). The table has one function a predicate and lives as long as the RelJit.
// Code memory is never writable and executable at once; the code needs no symbol and none resolves.
// Runs in the calling thread and leaves no other thread behind, so that a master process may fork.
// There is no deadline to break off LLVM at: the work is bounded before it starts, by the limits of
// a plan (limits.h) and by 64 MiB of machine code. The largest plan (16,384 nodes, all in
// folds) takes a third of a second.
RelJit* rel_jit_compile(const char* plan, size_t plan_size, char* error, size_t error_size);
// Links an object that rel_codegen_emit made earlier, here or on another machine of the kind, in
// this process. Refused unless its rel_plan_hash is the plan's own. As rel_jit_compile otherwise.
RelJit* rel_jit_link(const char* plan, size_t plan_size, const char* object, size_t object_size,
                     char* error, size_t error_size);
const rel::PredicateFn* rel_jit_predicates(const RelJit* jit);
size_t rel_jit_predicate_count(const RelJit* jit);
void rel_jit_free(RelJit* jit);

// kind: "ir" (text) or "obj" (relocatable object, symbols as in evaluator.h). The result is
// malloc'ed; NULL on failure with the reason in `error`.
char* rel_codegen_emit(const char* plan, size_t plan_size, const char* kind, size_t* size,
                       char* error, size_t error_size);
}
#pragma GCC visibility pop
