// What one sample of a metric is: a request, a label, the total of a user or a session; and the
// rows that conditions derive of declared metrics.
// Input: a metric as written. Output: TypedMetric::per, within_ns, absent. Owner: sema.
#pragma once

#include "compiler/sema/context.h"

namespace rel::sema {

void check_sample_unit(const Context& context, const ast::Metric& metric, TypedMetric& typed);

// The row of a derived metric; one of the same name is the same.
uint32_t derived_row(TypedPolicy& policy, TypedMetric derived);

// Of a metric whose absent labels count against what is to be shown: the row for a finding.
uint32_t worst_case_row(TypedPolicy& policy, uint32_t metric, Finding finding);

}  // namespace rel::sema
