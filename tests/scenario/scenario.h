// A scenario: a policy, a timeline of traffic, and the decisions expected of it, as a text that a
// person reads. The format is described in tests/scenario/README.md.
// Input: a `.events-scenario` file. Output: event lines, made deterministically, and expectations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/plan/plan.h"

namespace rel::scenario {

// Values of one metric of a feed: `latency 40ms..80ms`, `failed 0.4%`.
struct FeedMetric {
  std::string name;
  std::string low;
  std::string high;  // as `low` when it is one value
  // `after 1h..6h`: comes as a label so long after its request; nothing: with the request.
  std::optional<std::pair<int64_t, int64_t>> after_ns;
};

// `0s..30s candidate 100/s region=eu latency 50ms`
struct Feed {
  int64_t from_ns = 0;
  int64_t to_ns = 0;
  std::string arm;  // baseline, candidate, shadow
  double per_second = 0;
  std::vector<std::pair<std::string, std::string>> segments;
  std::vector<FeedMetric> metrics;
  int line = 0;
  std::string ids;     // `ids a`: requests are a-0, a-1 ...; empty: of the line alone
  uint64_t users = 0;  // `users 500`: the k-th is of user k mod 500 of this line; 0: of nobody
};

// `30s source failed "timed out"`, `35s source ok`
struct SourceEvent {
  int64_t at_ns = 0;
  bool ok = true;
  std::string reason;
};

struct Expected {
  std::string text;     // `30.1s held canary 25%`
  std::string because;  // part of the sentence; empty: any
};

struct Scenario {
  std::string policy;  // path relative to the scenario
  std::string release;
  double time_scale = 1.0;
  int64_t start_ns = 0;
  int64_t tick_ns = 100'000'000;
  std::vector<Feed> feeds;
  std::vector<SourceEvent> sources;
  std::vector<Expected> expected;
  std::string end;  // phase
};

// Errors name the line.
Result<Scenario> parse_scenario(std::string_view text);

// The events of a scenario as lines, in order of time.
Result<std::vector<std::string>> event_lines(const Scenario& scenario, const Plan& plan);

}  // namespace rel::scenario
