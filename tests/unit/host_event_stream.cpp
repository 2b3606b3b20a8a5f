// The event stream of a host of its own: lines counted, bad ones refused by number, the end seen.
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <functional>
#include <mutex>

#include "runtime/base/limits.h"
#include "runtime/base/time_text.h"
#include "runtime/host/event_stream.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

struct Refusals {
  std::mutex mutex;
  std::vector<uint64_t> lines;
};

std::string observation(const HostClock& clock, int id) {
  return R"({"type":"observation","time":")" + rfc3339_text(clock.read().now_ns) +
         R"(","id":"r)" + std::to_string(id) + R"(","variant":"candidate","failed":false})" + "\n";
}

// Feeds the bytes through a pipe and waits until a tick has seen all of them; `meanwhile` is what
// others do.
void feed(Runtime& runtime, const HostClock& clock, const std::string& bytes, StreamEnd end,
          Refusals& refusals, EventCounters& counters, StreamUse use = StreamUse::everything,
          const std::function<void()>& meanwhile = [] {}) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  auto stream = EventStream::start(
      runtime, clock, {ends[0], end, [&](uint64_t line, const std::string& reason) {
                         const std::lock_guard lock(refusals.mutex);
                         refusals.lines.push_back(line);
                         if (reason.empty()) refusals.lines.push_back(0);
                       }, use});
  REQUIRE(stream);
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = write(ends[1], bytes.data() + sent, bytes.size() - sent);
    REQUIRE(count > 0);
    sent += static_cast<size_t>(count);
  }
  close(ends[1]);
  constexpr int64_t deadline_ns = 60 * second_ns;
  const int64_t begun_ns = clock.read().steady_ns;
  while (!(*stream)->ended()) {
    REQUIRE(clock.read().steady_ns - begun_ns < deadline_ns);
    poll(nullptr, 0, 1);
    meanwhile();
  }
  counters = (*stream)->counters();
  close(ends[0]);
}

}  // namespace

TEST_CASE("a malformed line is refused with its number, the stream goes on") {
  const Plan plan = small_plan();
  Gateway gateway(plan);
  const HostClock clock;
  Refusals refusals;
  EventCounters counters;
  const std::string endless = "{\"type\":\"" + std::string(3 * limits::event_bytes_max, 'x') + "\n";
  const std::string bytes = observation(clock, 1) + "not json\n" + observation(clock, 2) + endless +
                            "\n" + observation(clock, 3) + observation(clock, 3);
  const auto runtime = gateway.open();
  feed(*runtime, clock, bytes, StreamEnd::complete, refusals, counters);
  CHECK(refusals.lines == std::vector<uint64_t>{2, 4});
  CHECK(counters.observations == 3);
  CHECK(counters.duplicates == 1);
  CHECK(counters.rejected == 2);
  CHECK(runtime->counters().observed == 3);
}

TEST_CASE("the last line counts without its end, and a stream that breaks off is a failed source") {
  const Plan plan = small_plan();
  Gateway gateway(plan);
  const HostClock clock;
  Refusals refusals;
  EventCounters counters;
  std::string bytes = observation(clock, 1);
  bytes.pop_back();
  const auto runtime = gateway.open();
  feed(*runtime, clock, bytes, StreamEnd::lost, refusals, counters);
  CHECK(refusals.lines.empty());
  CHECK(counters.observations == 1);
  std::vector<double> values(plan.frame_size);
  std::vector<uint8_t> causes(plan.frame_size);
  std::vector<uint64_t> samples(plan.frame_size);
  runtime->copy_frame(values, causes, samples);
  CHECK((causes[0] & cause_source_error) != 0);
}

TEST_CASE("beside a gateway events are joined, and its requests are not counted again") {
  Plan plan = small_plan();
  constexpr uint32_t failed = 0;
  plan.metrics[failed].per = SampleUnit::label;
  plan.metrics[failed].within_ns = 1'000'000;
  Gateway gateway(plan);
  const HostClock clock;
  Refusals refusals;
  EventCounters counters;
  const auto runtime = gateway.open();
  const auto gateway_ticks = [&] { runtime->tick(getpid(), clock.read().now_ns); };
  gateway_ticks();
  const std::string label = R"({"type":"label","time":")" + rfc3339_text(clock.read().now_ns) +
                            R"(","id":"r1","name":"failed","value":true})" + "\n";
  feed(*runtime, clock, observation(clock, 1) + label, StreamEnd::complete, refusals, counters,
       StreamUse::joins, gateway_ticks);
  CHECK(counters.labels == 1);
  CHECK(runtime->counters().observed == 0);
  gateway_ticks();
  std::vector<double> values(plan.frame_size);
  std::vector<uint8_t> causes(plan.frame_size);
  std::vector<uint64_t> samples(plan.frame_size);
  runtime->copy_frame(values, causes, samples);
  uint64_t labels = 0;
  for (const Aggregate& aggregate : plan.aggregates) {
    const MetricId metric = plan.trackers[aggregate.tracker.value].metric;
    const bool shown = !metric.is_none() && metric.value == failed &&
                       aggregate.arm == Arm::candidate && aggregate.cell_first == 0;
    if (shown) labels = samples[aggregate.frame_first];
  }
  CHECK(labels == 1);
}
