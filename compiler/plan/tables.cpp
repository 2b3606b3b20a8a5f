#include "compiler/plan/tables.h"

#include <filesystem>

#include <fmt/format.h>

#include "compiler/plan/render.h"
#include "runtime/plan/text.h"

namespace rel {

Diagnostic& PlanTables::fail(Code code, std::string message) {
  failed_ = true;
  return diagnostics_.report(code, statement_, std::move(message));
}

void PlanTables::check_limit(std::string_view what, size_t count, size_t limit) {
  if (count <= limit) return;
  failed_ = true;
  if (!exceeded_.insert(what).second) return;
  fail(Code::too_many, fmt::format("the release needs more than {} {}", limit, what))
      .primary("this is the first beyond the limit")
      .with_help("use fewer different windows, metrics and conditions, or split the release");
}

StringId PlanTables::string(std::string_view text) {
  if (const auto known = strings_.find(text); known != strings_.end()) {
    return StringId{known->second};
  }
  const auto id = static_cast<uint32_t>(plan_.strings.size());
  plan_.strings.emplace_back(text);
  strings_.emplace(text, id);
  return StringId{id};
}

// A file as the plan names it: relative to the policy's folder, so that a gateway and its sidecar
// get the same plan, and the same hash, whatever path each was given.
std::string PlanTables::file_name(FileId file) const {
  const std::string& path = sources_.file(file).path;
  if (path.starts_with('<') || path == "-") return path;
  const std::filesystem::path root = sources_.file(root_).path;
  return std::filesystem::path(path).lexically_proximate(root.parent_path()).string();
}

PlanSpan PlanTables::span(Span span) {
  const Position position = sources_.position(span.file, span.offset);
  return PlanSpan{string(file_name(span.file)), span.offset, span.length, position.line,
                  position.column};
}

WindowId PlanTables::window(const sema::TypedWindow& window) {
  const auto [place, added] = windows_.try_emplace({window.length_ns, window.requests});
  if (!added) return place->second;
  Window row;
  row.kind = window.kind;
  if (window.kind == WindowKind::requests) {
    row.requests = window.requests;
    row.slots = request_window_slots(window.requests);
  }
  if (window.kind == WindowKind::sliding) {
    const int64_t pane = plan_.pane_ns;
    if (window.length_ns < pane) {
      failed_ = true;
      diagnostics_
          .report(Code::window_too_short, window.span,
                  fmt::format("a window of {} is shorter than a pane",
                              exact_duration_text(window.length_ns)))
          .with_note(fmt::format("observations are kept in panes of {}", exact_duration_text(pane)))
          .with_help(fmt::format("write a longer window, or `pane {}` in the release",
                                 exact_duration_text(window.length_ns)));
    }
    // The smallest slot of whole panes with which the window fits its slots.
    const int64_t most = pane * static_cast<int64_t>(limits::window_slots_max);
    row.slot_ns = pane * ((window.length_ns + most - 1) / most);
    row.length_ns = window.length_ns;
    row.slots = static_cast<uint32_t>((window.length_ns + row.slot_ns - 1) / row.slot_ns);
  }
  place->second = WindowId{static_cast<uint32_t>(plan_.windows.size())};
  plan_.windows.push_back(row);
  check_limit("windows", plan_.windows.size(), limits::windows_max);
  return place->second;
}

TrackerId PlanTables::tracker(std::optional<uint32_t> metric, const sema::TypedWindow& over,
                              Keeps keeps) {
  const WindowId in = window(over);
  const MetricId counted = metric ? MetricId{*metric} : MetricId{};
  const auto [place, added] = trackers_.try_emplace({counted.value, in.value});
  if (added) {
    place->second = TrackerId{static_cast<uint32_t>(plan_.trackers.size())};
    plan_.trackers.push_back(Tracker{counted, in});
    check_limit("counted series", plan_.trackers.size(), limits::trackers_max);
  }
  if (keeps == Keeps::histogram) plan_.trackers[place->second.value].histogram = 1;
  return place->second;
}

AggregateId PlanTables::append(Aggregate row) {
  row.frame_first = plan_.frame_size;
  plan_.frame_size += row.cell_count;
  plan_.aggregates.push_back(row);
  check_limit("numbers to compute", plan_.aggregates.size(), limits::aggregates_max);
  check_limit("numbers in a frame", plan_.frame_size, limits::frame_values_max);
  return AggregateId{static_cast<uint32_t>(plan_.aggregates.size() - 1)};
}

void PlanTables::append_cells(const sema::TypedAggregate& aggregate, TrackerId counted,
                              uint32_t cell_first, uint32_t cell_count) {
  Aggregate row;
  row.fn = aggregate.fn;
  row.arm = aggregate.arm;
  row.tracker = counted;
  row.samples_min = aggregate.samples_min;
  row.cell_first = cell_first;
  row.cell_count = cell_count;
  row.quantile = aggregate.quantile;
  row.unit = aggregate.unit;
  row.text = string(render_aggregate(policy_, aggregate));
  append(row);
}

// Its cells stand after all that there are so far.
const Product& PlanTables::product(const std::vector<uint32_t>& segments) {
  const auto [place, added] =
      products_.try_emplace(segments, static_cast<uint32_t>(plan_.products.size()));
  if (!added) return plan_.products[place->second];
  Product row;
  row.segments = {static_cast<uint32_t>(plan_.product_segments.size()),
                  static_cast<uint32_t>(segments.size())};
  row.cell_first = plan_.cell_count;
  row.cell_count = 1;
  for (const uint32_t segment : segments) {
    plan_.product_segments.push_back(SegmentId{segment});
    row.cell_count *= plan_.segments[segment].values.count;
  }
  plan_.cell_count += row.cell_count;
  plan_.products.push_back(row);
  check_limit("crosses of segments", plan_.products.size(), limits::products_max);
  return plan_.products.back();
}

uint32_t PlanTables::cell_count(const sema::TypedFold& fold) const {
  uint32_t cells = fold.crossed ? 1 : 0;
  for (const uint32_t segment : fold.segments) {
    const uint32_t values = plan_.segments[segment].values.count;
    cells = fold.crossed ? cells * values : cells + values;
  }
  return cells;
}

AggregateId PlanTables::aggregate(const sema::TypedAggregate& aggregate,
                                  const sema::TypedFold* fold) {
  const std::vector<uint32_t> segments =
      fold == nullptr ? std::vector<uint32_t>{} : fold->segments;
  const bool crossed = fold != nullptr && fold->crossed;
  const Keeps keeps = reads_histogram(aggregate.fn) ? Keeps::histogram : Keeps::totals;
  const TrackerId counted = tracker(aggregate.metric, aggregate.window, keeps);
  const auto [place, added] = aggregates_.try_emplace(
      AggregateKey{aggregate.fn, aggregate.arm, counted.value, aggregate.samples_min,
                   aggregate.quantile, segments, crossed});
  if (!added) return place->second;
  place->second = AggregateId{static_cast<uint32_t>(plan_.aggregates.size())};
  if (segments.empty()) append_cells(aggregate, counted, 0, 1);
  if (crossed) {
    const Product cells = product(segments);
    append_cells(aggregate, counted, cells.cell_first, cells.cell_count);
    return place->second;
  }
  for (const uint32_t index : segments) {
    const Segment& segment = plan_.segments[index];
    append_cells(aggregate, counted, segment.cell_first, segment.values.count);
  }
  return place->second;
}

}  // namespace rel
