// Lowering of what a gateway routes by, besides the share: runtime/plan/plan.h has the tables.
// Input: a typed release whose stages are lowered. Output: the routing tables of the plan.
#pragma once

#include "compiler/plan/tables.h"

namespace rel {

void lower_routing(const Sources& sources, const sema::TypedPolicy& policy,
                   const sema::TypedRelease& release, PlanTables& tables, Plan& plan);

}  // namespace rel
