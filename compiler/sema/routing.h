// What a gateway routes by, besides the share: forced routes, the audience, stickiness, waves, the
// digest an arm serves, release sets. Input: the syntax tree of one file. Output: rows of the typed
// policy; what is wrong is reported. Owner: check.cpp, release.cpp and stages.cpp call these.
#pragma once

#include "compiler/sema/context.h"

namespace rel::sema {

// Forced routes, audience, and what the release is sticky by.
void check_routing(const Context& context, const ast::Release& release, TypedRelease& typed);

// The steps of a stage `waves by region ...`.
void check_waves(const Context& context, const ast::Stage& stage, TypedStage& typed);

// `serves digest by header`: gives the policy the flag `other_digest`, which a gateway fills in.
void check_digests(const Context& context);
// The triggers of a release whose model says so: an answer of the candidate with another digest
// rolls back, one of the baseline holds.
void add_digest_triggers(const Context& context, TypedRelease& typed);

// Once every release is typed.
void check_sets(const Context& context);

}  // namespace rel::sema
