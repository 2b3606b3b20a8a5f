// What is carried out before and after a stage, and before the release to tell somebody: actions
// that a gate waits for.
// Input: hooks as written. Output: gates with their hook; every mistake is reported.
#pragma once

#include "compiler/sema/context.h"

namespace rel::sema {

void check_hooks(const Context& context, const ast::Stage& stage, TypedStage& typed);

// `delivered to channel "#risk"`. No value: reported.
std::optional<TypedGate> check_delivered(const Context& context, const ast::Delivered& delivered);

}  // namespace rel::sema
