// Typed expressions and statements as one line of policy text, for plans and decisions.
#pragma once

#include <string>

#include "compiler/sema/typed.h"

namespace rel {

// `p99(candidate.latency) over 1m`
std::string render_aggregate(const sema::TypedPolicy& policy,
                             const sema::TypedAggregate& aggregate);

// `p99(candidate.latency) > 300ms over 1m and samples(candidate) >= 1000 over stage`. Guards are
// written out. With `arm` baseline it is the condition's twin: read from the baseline, and without
// `for`.
std::string render_condition(const sema::TypedPolicy& policy, sema::TypedId id, Arm arm);

// The text of a statement without comments, its white space single.
std::string render_statement(const Sources& sources, Span span);

}  // namespace rel
