#include "compiler/plan/expectations.h"

namespace rel {

Expectations expectations_of(const sema::TypedPolicy&, const sema::TypedRelease&,
                             const Plan& plan) {
  Expectations expected;
  expected.rates.resize(plan.metrics.size());
  expected.cells.resize(plan.cell_count);
  expected.cells[0] = 1;
  return expected;
}

}  // namespace rel
