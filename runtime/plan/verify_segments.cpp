#include "runtime/plan/verify_segments.h"

#include <set>

#include <fmt/format.h>

namespace rel {
namespace {

Error broken(std::string_view what) {
  return Error{fmt::format("the plan is not valid: {}", what)};
}
Error broken_row(std::string_view table, size_t row, std::string_view what) {
  return broken(fmt::format("{} {} {}", table, row, what));
}

template <typename Id, typename Table>
bool fits(Rows<Id> rows, const Table& table) {
  return rows.first <= table.size() && rows.count <= table.size() - rows.first;
}

bool span_fits(const Plan& plan, const Segment& segment) {
  return segment.span.file.is_none() || segment.span.file.value < plan.strings.size();
}

bool names_text(const Plan& plan, StringId id) {
  return id.value < plan.strings.size() && !plan.strings[id.value].empty();
}

// Products own the cells after those of the segments.
Status verify_products(const Plan& plan, uint32_t next_cell) {
  uint32_t next_segment = 0;
  for (size_t row = 0; row < plan.products.size(); ++row) {
    const Product& product = plan.products[row];
    const auto refuse = [&](std::string_view what) { return broken_row("product", row, what); };
    if (product.segments.first != next_segment || product.segments.count < 2 ||
        product.segments.count > limits::segments_max ||
        !fits(product.segments, plan.product_segments)) {
      return refuse("does not own its segments");
    }
    std::set<uint32_t> seen;
    uint64_t cells = 1;
    for (uint32_t at = product.segments.first; at < product.segments.end(); ++at) {
      const SegmentId segment = plan.product_segments[at];
      if (segment.value >= plan.segments.size() || !seen.insert(segment.value).second) {
        return refuse("crosses no segments, or one with itself");
      }
      cells *= plan.segments[segment.value].values.count;
    }
    if (cells != product.cell_count || cells > limits::product_cells_max ||
        product.cell_first != next_cell) {
      return refuse("does not own its cells");
    }
    next_segment = product.segments.end();
    next_cell += product.cell_count;
  }
  if (next_segment != plan.product_segments.size()) {
    return broken("a crossed segment has no product");
  }
  return next_cell == plan.cell_count ? ok() : broken("the number of cells is wrong");
}

}  // namespace

Status verify_segments(const Plan& plan) {
  uint32_t next_value = 0;
  uint32_t next_cell = 1;
  std::set<std::string_view> names;
  for (size_t row = 0; row < plan.segments.size(); ++row) {
    const Segment& segment = plan.segments[row];
    const auto refuse = [&](std::string_view what) { return broken_row("segment", row, what); };
    if (!names_text(plan, segment.name)) return refuse("has no name");
    if (!names.insert(plan.text(segment.name)).second) return refuse("has the name of another");
    if (!span_fits(plan, segment)) return refuse("has no place");
    const Rows<StringId> values = segment.values;
    if (values.first != next_value || !fits(values, plan.segment_values)) {
      return refuse("does not own its values");
    }
    if (values.count == 0 || values.count > limits::segment_values_max) {
      return refuse("has no values or too many");
    }
    std::set<std::string_view> seen;
    for (uint32_t at = values.first; at < values.end(); ++at) {
      const bool known = plan.segment_values[at].value < plan.strings.size();
      if (!known) return refuse("has an unknown value");
      if (!seen.insert(plan.text(plan.segment_values[at])).second) return refuse("repeats a value");
    }
    if (segment.cell_first != next_cell) return refuse("does not own its cells");
    next_value = values.end();
    next_cell += values.count + 1;
  }
  if (next_value != plan.segment_values.size()) return broken("a segment value has no segment");
  return verify_products(plan, next_cell);
}

}  // namespace rel
