// Which cell of a comparison over segments a decision is about. Input: a test of the plan and the
// frame of the tick. Output: a row of Plan::test_cells. Pure; does not allocate: it is asked on the
// way of a rollback.
#pragma once

#include <span>

#include "runtime/plan/plan.h"

namespace rel {

// The test an `evidence` aggregate belongs to; null: it is no such aggregate.
const EvidenceTest* test_of(const Plan& plan, AggregateId evidence);

// Whether the evidence for that very cell holds at the level of the whole comparison, or it is only
// where most of the evidence lies.
enum class Naming : uint8_t { shown, most };

struct NamedCell {
  TestCellId row;
  Naming naming = Naming::shown;
};

// Of `any`: closed testing with means (the mean of every set that holds the cell must reach
// 1 / alpha). Of `every`: the cell with the least evidence. Of everybody: the one there is.
// `values` and `causes` are columns of the frame.
NamedCell named_cell(const Plan& plan, const EvidenceTest& test, std::span<const double> values,
                     std::span<const uint8_t> causes);

}  // namespace rel
