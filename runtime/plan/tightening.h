// Which limits and times of a plan's conditions another plan only tightens: a rollback or a hold is
// then true whenever it was, a promotion or a step only when it was.
// Input: two plans. Output: the rows that differ so, and whether their conditions are otherwise the
// same. Pure. Owner: safe_edit.
//
// It is shown by the form, not guessed: a constant that a comparison reads, as it is or in a sum,
// below `and`, `or`, `not` and folds; the length of a `for`.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/plan/plan.h"

namespace rel {

struct Tightening {
  bool is_whole = false;  // the tables have the same sizes; otherwise nothing else is filled
  std::vector<uint32_t> nodes;     // constants
  std::vector<uint32_t> sustains;  // held
  std::vector<uint32_t> triggers;  // whose conditions they are
  std::vector<uint32_t> gates;
  std::vector<uint32_t> loosened;  // triggers that differ in another way, or more
};

Tightening find_tightening(const Plan& running, const Plan& edited);

}  // namespace rel
