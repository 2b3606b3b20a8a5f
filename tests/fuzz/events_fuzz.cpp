// Events: no line ends the stream, what is counted adds up, and an observation is of the plan: its
// segments exist, and a line that comes again within the horizon is known.
#include <string_view>

#include "runtime/base/check.h"
#include "runtime/base/limits.h"
#include "runtime/sources/event_decoder.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/small_release.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rel;
  static const Plan plan = test::small_release();
  EventDecoder decoder(plan);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const uint64_t without_id = decoder.counters().without_id;
    const DecodedEvent event = decoder.decode(line);
    REL_CHECK(event.reason.empty() == (event.kind != EventKind::rejected) ||
              event.kind == EventKind::source);
    if (event.kind != EventKind::observation) continue;
    REL_CHECK(event.observation.present < 1u << plan.metrics.size());
    for (size_t s = 0; s < plan.segments.size(); ++s) {
      REL_CHECK(event.observation.segment[s] <= plan.segments[s].values.count);
    }
    const bool has_id = decoder.counters().without_id == without_id;
    if (has_id) REL_CHECK(decoder.decode(line).kind == EventKind::duplicate);
  }
  const EventCounters& sum = decoder.counters();
  REL_CHECK(sum.lines == sum.observations + sum.labels + sum.source_events + sum.duplicates +
                             sum.rejected);
  return 0;
}
