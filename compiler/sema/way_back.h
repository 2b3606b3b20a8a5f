// The way back of a release: its steps, and whether they undo what the candidate needs.
// Input: the `rollback` block and the `needs` of the model. Output: rows of the typed release and
// the typed model; every mistake is reported.
#pragma once

#include "compiler/sema/context.h"

namespace rel::sema {

// What a command or a webhook names, wherever it stands.
void check_command(const Context& context, const ast::Means& command);
void check_url(const Context& context, const ast::String& url, std::string_view what);
// How long a step is tried when nothing is said.
inline constexpr int64_t within_default_ns = int64_t{10} * 60 * 1'000'000'000;

void check_needs(const Context& context, const ast::Model& model, TypedModel& typed);
void check_rollback(const Context& context, const ast::RollbackBlock& block, TypedRelease& typed);

// Each need of the model is reverted, to what the baseline reads, and nothing else is.
void check_reverts(const Context& context, const ast::Release& release, TypedRelease& typed);

}  // namespace rel::sema
