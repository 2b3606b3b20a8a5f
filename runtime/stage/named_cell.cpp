#include "runtime/stage/named_cell.h"

#include <algorithm>
#include <array>

#include "runtime/stats/elementary.h"
#include "runtime/stats/evidence.h"

namespace rel {
namespace {

// E-values of the cells relative to the largest; unknown ones count as none.
struct CellValues {
  std::array<double, limits::cells_per_test_max> e{};
  uint32_t count = 0;
  uint32_t largest = 0;
  uint32_t least = 0;
  double log_largest = 0;
};

CellValues read_values(const Plan& plan, const EvidenceTest& test, std::span<const double> values,
                       std::span<const uint8_t> causes) {
  CellValues read;
  read.count = test.cells.count;
  std::array<double, limits::cells_per_test_max> log_e{};
  std::array<bool, limits::cells_per_test_max> known{};
  for (uint32_t i = 0; i < read.count; ++i) {
    const TestCell& cell = plan.test_cells[test.cells.first + i];
    if (cell.evidence.is_none()) continue;
    const Aggregate& shown = plan.aggregates[cell.evidence.value];
    const uint32_t place = shown.frame_first + (cell.cell - shown.cell_first);
    log_e[i] = values[place];
    known[i] = causes[place] == 0;
    if (!known[i]) continue;
    if (!known[read.largest] || log_e[i] > log_e[read.largest]) read.largest = i;
    if (!known[read.least] || log_e[i] < log_e[read.least]) read.least = i;
  }
  read.log_largest = log_e[read.largest];
  for (uint32_t i = 0; i < read.count; ++i) {
    read.e[i] = known[i] ? elementary::exp(log_e[i] - read.log_largest) : 0;
  }
  return read;
}

// The sets that speak most against the largest are those with the smallest others.
bool holds_in_every_set(const CellValues& read, double alpha) {
  const double needed = elementary::exp(stats::evidence_threshold(alpha) - read.log_largest);
  std::array<double, limits::cells_per_test_max> others = read.e;
  std::swap(others[read.largest], others[read.count - 1]);
  std::sort(others.begin(), others.begin() + (read.count - 1));
  double sum = read.e[read.largest];
  if (sum < needed) return false;
  for (uint32_t s = 0; s + 1 < read.count; ++s) {
    sum += others[s];
    if (sum / (s + 2) < needed) return false;
  }
  return true;
}

}  // namespace

const EvidenceTest* test_of(const Plan& plan, AggregateId evidence) {
  if (plan.aggregates[evidence.value].fn != AggregateFn::evidence) return nullptr;
  for (const EvidenceTest& test : plan.tests) {
    if (test.evidence == evidence) return &test;
  }
  return nullptr;
}

NamedCell named_cell(const Plan& plan, const EvidenceTest& test, std::span<const double> values,
                     std::span<const uint8_t> causes) {
  if (test.fold == TestFold::everybody) return {test.cells.at(0), Naming::shown};
  const CellValues read = read_values(plan, test, values, causes);
  if (test.fold == TestFold::every) return {test.cells.at(read.least), Naming::shown};
  const Naming naming = holds_in_every_set(read, test.alpha) ? Naming::shown : Naming::most;
  return {test.cells.at(read.largest), naming};
}

}  // namespace rel
