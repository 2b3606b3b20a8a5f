// Why: a request waits for its label in a table with a limit; requests beyond it are not counted,
// and the metric is then a source error that holds the release.
// Avoid: `per label within 30d` at a thousand requests a second.
// Prefer: a shorter time, or events of a sample of the requests of both arms.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/lints/lint.h"
#include "runtime/plan/text.h"

namespace rel::lints {

void labels_overflow(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  double traffic_per_s = 0;
  for (const sema::TypedModel& model : policy.models) {
    if (model.expected) traffic_per_s = std::max(traffic_per_s, model.expected->traffic_per_s);
  }
  for (const sema::TypedMetric& metric : policy.metrics) {
    if (metric.per != SampleUnit::label || metric.of) continue;
    const double waiting = traffic_per_s * static_cast<double>(metric.within_ns) / 1e9;
    constexpr auto room = static_cast<double>(limits::label_entries_max);
    if (waiting <= room) continue;
    const auto fits_s = static_cast<int64_t>(room / traffic_per_s);
    diagnostics
        .report(Code::labels_overflow, metric.name_span,
                fmt::format("{:.3g} million requests wait for `{}`, {:.3g} million can",
                            waiting / 1e6, metric.name, room / 1e6))
        .with_help(fmt::format("wait for at most {}, or send the events of a sample of the "
                               "requests, the same share of both arms",
                               exact_duration_text(fits_s / 60 * 60 * 1'000'000'000)));
  }
}

}  // namespace rel::lints
