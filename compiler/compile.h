// The whole pipeline as one readable function: text -> parse tree -> Ast -> TypedPolicy -> lints ->
// Plan. No LLVM here: code generation is a library of its own that works on plans.
#pragma once

#include <string>
#include <vector>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/plan/expectations.h"
#include "compiler/sema/typed.h"
#include "compiler/source/source.h"
#include "runtime/plan/plan.h"

namespace rel {

struct CompileOptions {
  std::string release;        // only this release; empty: every release of the file
  double time_scale = 1.0;    // multiplies step, soak, at least and at most times, nothing else
};

struct Compiled {
  std::vector<Plan> plans;  // one a release of the file, in order; empty when there are errors
  std::vector<Expectations> expected;  // what each one's model declares of its traffic
  sema::TypedPolicy policy;  // what they were made of; its tests are run by `relc test`
};

// Checks and lowers one file and what it imports. Every independent error is reported in one run.
Compiled compile(Sources& sources, FileId file, const CompileOptions& options,
                 Diagnostics& diagnostics);

}  // namespace rel
