// The identity of a plan: what a running release is pinned to.
#include <xxhash.h>

#include "runtime/plan/plan.h"

namespace rel {

uint64_t plan_hash(const Plan& plan) {
  const std::string bytes = save_plan(plan);
  return XXH64(bytes.data(), bytes.size(), 0);
}

}  // namespace rel
