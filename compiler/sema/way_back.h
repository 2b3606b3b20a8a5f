// The way back of a release: its steps, and whether they undo what the candidate needs.
// Input: the `rollback` block and the `needs` of the model. Output: rows of the typed release and
// the typed model; every mistake is reported.
#pragma once

#include "compiler/sema/context.h"

namespace rel::sema {

void check_needs(const Context& context, const ast::Model& model, TypedModel& typed);
void check_rollback(const Context& context, const ast::RollbackBlock& block, TypedRelease& typed);

// Each need of the model is reverted, to what the baseline reads, and nothing else is.
void check_reverts(const Context& context, const ast::Release& release, TypedRelease& typed);

}  // namespace rel::sema
