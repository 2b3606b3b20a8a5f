// What a plan says of a metric: its kind and unit, where it is read, and what one sample of it is.
// Part of the Plan (runtime/plan/plan.h), which owns the rows.
#pragma once

#include <cstdint>

#include "runtime/plan/ids.h"

namespace rel {

// count: a whole number of things, from zero; gauge: a level that was measured; category: one of
// some texts, of which a plan counts those that its conditions name, each as a flag of its own.
enum class MetricKind : uint8_t { flag, duration, value, count, gauge, category };

// The unit a number of this plan is printed in. Numbers are stored in base units: seconds,
// shares of one (ratio and points), plain numbers, bytes, tokens, requests, dollars, euros.
enum class PlanUnit : uint8_t {
  number,
  ratio,
  points,
  seconds,
  bytes,
  tokens,
  requests,
  usd,
  eur,
  per_second,  // requests a second
};

enum class Direction : uint8_t { none, lower_is_better, higher_is_better };

// Where a gateway reads a metric. Events always carry it in a field of the metric's name.
enum class MetricSource : uint8_t {
  event_field,       // only events carry it
  request_duration,  // the gateway's own monotonic clock, completed responses
  response_status,   // true when the status is in [status_first, status_last]
  response_header,   // a number, or for a flag `true`/`false`/`1`/`0`, in `header`
  response_digest,   // true when `header` does not name the digest that the arm is pinned to
  no_answer,         // true when no whole response came: refused, reset, timed out, broken off
  pair_agreement,    // of a live answer and its shadow: whether they are the same
  pair_difference,   // ... how far `of` of the shadow is from that of the live answer
  pair_loss,         // ... whether the shadow's flag `of` is the true one, where the two differ
  pair_unanswered,   // ... whether the shadow gave none in time
};
constexpr bool is_of_pairs(MetricSource source) { return source >= MetricSource::pair_agreement; }

// What one sample of a metric is. All but requests and pairs are entered once, at maturity.
enum class SampleUnit : uint8_t {
  request,
  label,    // ground truth of a request, `within_ns` after it was served
  user,     // the total of a user, `within_ns` after the first exposure
  session,  // ... of a session
  pair,     // a live answer and its shadow
};

// Of one user's requests, or labels, what is independent of the rest (runtime/joins/user_firsts.h).
enum class OncePer : uint8_t { sample, release, stage };

// What a sample counts as for which nothing came in its time.
enum class AbsentSample : uint8_t {
  missing,          // none
  zero,             // 0; for a flag: false
  against_above,  // what speaks most against the candidate having more: false, the baseline's true
  against_below,  // ... against it having less: true, the baseline's false
};

// A histogram has 64 linear sub-buckets an octave, 2^exponent_min <= |x| < 2^exponent_max, one
// bucket for zero and below the range, one above it, and a mirrored half when `mirrored`.
struct HistogramShape {
  int16_t exponent_min = 0;
  int16_t exponent_max = 0;
  uint8_t mirrored = 0;
  uint8_t reserved[3] = {};
};

struct Metric {
  StringId name;
  MetricKind kind = MetricKind::flag;
  PlanUnit unit = PlanUnit::number;
  Direction direction = Direction::none;
  MetricSource source = MetricSource::event_field;
  StringId header;
  uint16_t status_first = 0;
  uint16_t status_last = 0;
  HistogramShape histogram;  // used where a tracker keeps one
  SampleUnit per = SampleUnit::request;
  AbsentSample absent = AbsentSample::missing;
  OncePer once = OncePer::sample;  // request, label: each, or once a user and ...
  SampleUnit unit_of_once = SampleUnit::user;  // who counts once: a user or a session
  int64_t within_ns = 0;      // label, user, session
  MetricId of;                // the metric events carry, where this one is derived from it
  StringId match;             // of a category: the value for which this flag is true
  PlanSpan span;
};

}  // namespace rel
