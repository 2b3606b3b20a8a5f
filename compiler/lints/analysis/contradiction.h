// Promotions that a rollback forbids. Input: a typed release. Output: the pair, if there is one.
#pragma once

#include <optional>

#include "compiler/sema/typed.h"

namespace rel::lints {

struct Contradiction {
  const sema::TypedTrigger* promotion = nullptr;
  const sema::TypedTrigger* rollback = nullptr;
  sema::TypedId promoting;  // the comparison of the promotion
  sema::TypedId refused;    // and that of the rollback which is then true
};

// A rollback of the stage or of its release that is true whenever a promotion of the stage is.
std::optional<Contradiction> contradiction_of(const sema::TypedPolicy& policy,
                                              const sema::TypedRelease& release,
                                              const sema::TypedStage& stage);

}  // namespace rel::lints
