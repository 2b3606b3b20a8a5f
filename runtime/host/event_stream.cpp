#include "runtime/host/event_stream.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/limits.h"

namespace rel {
namespace {

constexpr int64_t tick_ns = 100'000'000;

}  // namespace

Result<std::unique_ptr<EventStream>> EventStream::start(Runtime& runtime, const HostClock& clock,
                                                        EventStreamSettings settings) {
  Result<uint32_t> shard = runtime.claim_shard(getpid());
  if (!shard) return shard.error();
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) return Error{fmt::format("no event descriptor: {}", std::strerror(errno))};
  std::unique_ptr<EventStream> stream(
      new EventStream(runtime, clock, std::move(settings), *shard, wake));
  stream->set_failing(false);
  stream->thread_ = std::thread([raw = stream.get()] { raw->run(); });
  return stream;
}

EventStream::EventStream(Runtime& runtime, const HostClock& clock, EventStreamSettings settings,
                         uint32_t shard, int wake)
    : runtime_(runtime),
      clock_(clock),
      settings_(std::move(settings)),
      shard_(shard),
      wake_(wake),
      decoder_(runtime.plan()),
      joins_(runtime.plan()) {
  joins_.replay(settings_.joins_before);
  std::string().swap(settings_.joins_before);
  joins_.take_recorded(joins_told_);  // from now on
}

EventStream::~EventStream() {
  const uint64_t stop = 1;
  // The counter of an eventfd that is not full takes the word at once.
  (void)!write(wake_, &stop, sizeof stop);
  if (thread_.joinable()) thread_.join();
  runtime_.release_shard(shard_);
  close(wake_);
}

EventCounters EventStream::counters() const {
  const std::lock_guard lock(counters_mutex_);
  return counters_;
}

void EventStream::run() {
  while (true) {
    tick_if_due();
    const int64_t wait_ns = std::max<int64_t>(next_tick_ns_ - clock_.read().steady_ns, 0);
    pollfd polled[2] = {{wake_, POLLIN, 0}, {settings_.descriptor, POLLIN, 0}};
    const int wait_ms = static_cast<int>((wait_ns + 999'999) / 1'000'000);
    const int ready = poll(polled, input_open_ ? 2 : 1, wait_ms);
    if (ready < 0 && errno != EINTR) return;
    if (ready <= 0) continue;
    if (polled[0].revents != 0) return;
    if (input_open_ && polled[1].revents != 0) read_block();
  }
}

void EventStream::tick_if_due() {
  const HostTime now = clock_.read();
  if (now.steady_ns < next_tick_ns_) return;
  give_mature(now.now_ns);
  if (counts()) runtime_.tick(getpid(), now.now_ns);
  const bool seen_all = !input_open_ && end_seen_ns_ != 0;
  if (!input_open_) end_seen_ns_ = now.steady_ns;
  if (seen_all) ended_.store(true, std::memory_order_release);
  next_tick_ns_ = std::max(next_tick_ns_ + tick_ns, now.steady_ns + tick_ns / 2);
}

// Clocks of events and of this host differ: what is mature counts now.
void EventStream::give_mature(int64_t now_ns) {
  if (!joins_.needed()) return;
  joins_.routed(runtime_.published_route());
  due_.clear();
  joins_.mature(now_ns, due_);
  for (Observation& observation : due_) {
    observation.time_ns = now_ns;
    runtime_.observe(shard_, observation);
  }
  runtime_.set_metrics_failing(joins_.metrics_failing(now_ns));
  std::string told;
  joins_.take_recorded(told);
  const std::lock_guard lock(counters_mutex_);
  const bool fits = joins_told_.size() + told.size() <= limits::join_log_waiting_bytes_max;
  if (fits) joins_told_ += told;
  else joins_lost_ = true;
}

bool EventStream::take_joins(std::string& bytes) {
  const std::lock_guard lock(counters_mutex_);
  bytes += joins_told_;
  joins_told_.clear();
  return !std::exchange(joins_lost_, false);
}

void EventStream::take_observation(const DecodedEvent& event) {
  Observation observation = event.observation;
  joins_.take(observation, event.id);
  if (counts()) runtime_.observe(shard_, observation);
}

// A gateway's own numbers do not depend on these events.
void EventStream::set_failing(bool failing) {
  if (counts()) runtime_.set_source_failing(failing);
  else joins_.set_failing(failing);
}

void EventStream::read_block() {
  char block[65536];
  const ssize_t count = read(settings_.descriptor, block, sizeof block);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count <= 0) {
    if (count < 0) {
      settings_.refused(line_, fmt::format("cannot read on: {}", std::strerror(errno)));
    }
    return end_of_input();
  }
  input_.append(block, static_cast<size_t>(count));
  take_lines();
}

void EventStream::take_lines() {
  size_t begin = 0;
  size_t end = 0;
  while ((end = input_.find('\n', begin)) != std::string::npos) {
    if (!skipping_) take_line(std::string_view(input_).substr(begin, end - begin));
    skipping_ = false;
    begin = end + 1;
  }
  input_.erase(0, begin);
  // No more of an endless line is kept than the decoder needs to refuse it.
  if (!skipping_ && input_.size() > limits::event_bytes_max) {
    take_line(input_);
    skipping_ = true;
  }
  if (skipping_) input_.clear();
  const std::lock_guard lock(counters_mutex_);
  counters_ = decoder_.counters();
}

void EventStream::take_line(std::string_view line) {
  ++line_;
  const DecodedEvent& event = decoder_.decode(line);
  switch (event.kind) {
    case EventKind::blank:
    case EventKind::duplicate: return;
    case EventKind::observation: return take_observation(event);
    case EventKind::label: joins_.take(event.label); return;
    case EventKind::source: return set_failing(!event.source_ok);
    case EventKind::rejected: settings_.refused(line_, event.reason); return;
  }
}

void EventStream::end_of_input() {
  if (!input_.empty() && !skipping_) take_line(input_);
  input_.clear();
  input_open_ = false;
  if (settings_.end == StreamEnd::lost) set_failing(true);
  const std::lock_guard lock(counters_mutex_);
  counters_ = decoder_.counters();
}

}  // namespace rel
