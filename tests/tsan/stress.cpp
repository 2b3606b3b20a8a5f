// Threads in the place of a gateway's processes on one mapping: workers that route and observe, two
// evaluators that take the lease from each other, the owner of the journal, and one that looks.
// Virtual time, no sleeps. Exits 0 when what must hold held; under the thread sanitizer it also
// fails on a data race.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/small_release.h"

namespace rel {
namespace {

using test::second;

constexpr int workers = 3;
constexpr int64_t begin_ns = 1'000 * second;
constexpr int64_t fault_ns = begin_ns + 4 * second;  // the candidate fails from here on
constexpr int64_t end_ns = begin_ns + 12 * second;
constexpr int32_t other_pid = 1;  // a process that always exists

struct Release {
  Plan plan = test::small_release();
  test::FreshMemory memory{Runtime::shared_size(plan)};
  std::atomic<int64_t> now{begin_ns};
  std::atomic<bool> over{false};
  std::atomic<uint64_t> observed{0};
  std::atomic<int> faults{0};  // of the runtime, not of the candidate

  std::unique_ptr<Runtime> open() { return std::move(*Runtime::open(plan, {}, memory.span())); }
  void expect(bool holds, const char* what) {
    if (holds) return;
    faults.fetch_add(1);
    std::fprintf(stderr, "does not hold: %s\n", what);
  }
};

// Once a worker has seen the rollback's epoch it never sees the candidate again.
void route_and_observe(Release& release, int worker) {
  const auto runtime = release.open();
  const uint32_t shard = *runtime->claim_shard(getpid());
  uint64_t requests = 0;
  while (!release.over.load()) {
    const int64_t now = release.now.load();
    const std::string key = "user-" + std::to_string(worker) + "-" + std::to_string(requests);
    const RouteDecision decision = runtime->route(key, now);
    release.expect(decision.epoch == 0 || !decision.candidate, "no candidate after a rollback");
    const LaneArm arm = decision.candidate ? LaneArm::candidate_live : LaneArm::baseline_live;
    const double is_failed = decision.candidate && now >= fault_ns ? 1 : 0;
    runtime->observe(shard, test::request(arm, now, 0.05, is_failed, requests % 3));
    ++requests;
  }
  release.observed.fetch_add(requests);
  runtime->release_shard(shard);
}

// Every other two seconds one evaluator falls silent until it loses the lease. Whoever tries to
// take it while the holder enters, settles or leaves refreshes the heartbeat and is refused, and
// waits for the next silence: three times at most, then it has the lease.
constexpr int64_t silence_ns = 2 * second;
constexpr int64_t handover_ns = 19 * test::tick_ns;

bool is_silent_time(int64_t now_ns) { return now_ns / silence_ns % 2 == 1; }

void evaluate(Release& release, int32_t pid, std::atomic<uint64_t>& ticks) {
  const auto runtime = release.open();
  while (!release.over.load()) {
    const int64_t now = release.now.load();
    const bool silent = pid != other_pid && is_silent_time(now);
    if (!silent) ticks.fetch_add(runtime->tick(pid, now).evaluated);
  }
}

// Takes decisions in order, each once, and grants what it has taken.
void keep_journal(Release& release, std::atomic<int>& rollbacks) {
  const auto runtime = release.open();
  runtime->request_start();
  uint64_t last = 0;
  const auto take = [&] {
    while (const auto decision = runtime->next_decision()) {
      release.expect(decision->id == last + 1, "decisions come in order, each once");
      last = decision->id;
      rollbacks.fetch_add(decision->kind == DecisionKind::rolled_back);
      runtime->acknowledge_decision(decision->id);
    }
  };
  while (!release.over.load()) {
    runtime->sidecar_heartbeat(release.now.load());
    take();
    const Raise pending = runtime->engine_state().pending;
    if (pending.kind != RaiseKind::none) runtime->grant_raise(pending.id);
  }
  take();
}

// A copy is of one moment: a share that is not zero belongs to a release that is out.
void look(Release& release) {
  const auto runtime = release.open();
  std::vector<double> values(release.plan.frame_size);
  std::vector<uint8_t> causes(release.plan.frame_size);
  std::vector<uint64_t> samples(release.plan.frame_size);
  while (!release.over.load()) {
    const EngineState state = runtime->engine_state();
    release.expect(state.epoch <= 1 && state.step < 2, "a state is whole");
    runtime->copy_frame(values, causes, samples);
    release.expect(values[test::failed_candidate] >= 0 && values[test::failed_candidate] <= 1,
                   "a frame is whole");
    (void)runtime->counters();
  }
}

int run() {
  Release release;
  std::atomic<uint64_t> ticks{0};
  std::atomic<int> rollbacks{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < workers; ++i) {
    threads.emplace_back([&release, i] { route_and_observe(release, i); });
  }
  threads.emplace_back([&] { evaluate(release, getpid(), ticks); });
  threads.emplace_back([&] { evaluate(release, other_pid, ticks); });
  threads.emplace_back([&] { keep_journal(release, rollbacks); });
  threads.emplace_back([&] { look(release); });

  // Time goes on only after somebody has evaluated, so that no tick is lost to the scheduler, save
  // where the lease has to change hands.
  uint64_t seen = 0;
  for (int64_t now = begin_ns; now < end_ns; now += test::tick_ns) {
    release.now.store(now);
    const bool may_be_silent = is_silent_time(now) && now % silence_ns < handover_ns;
    while (!may_be_silent && ticks.load() == seen) std::this_thread::yield();
    seen = ticks.load();
  }
  release.over.store(true);
  for (std::thread& thread : threads) thread.join();

  const auto runtime = release.open();
  const Runtime::Counters counters = runtime->counters();
  release.expect(runtime->engine_state().phase == Phase::rolled_back,
                 "the failing release is back");
  release.expect(runtime->published_route().share_millionths == 0, "nobody has the candidate");
  release.expect(rollbacks.load() == 1, "one rollback is in the journal");
  release.expect(counters.observed + counters.late + counters.future == release.observed.load(),
                 "every observation is counted");
  std::printf("%llu ticks, %llu requests\n", static_cast<unsigned long long>(ticks.load()),
              static_cast<unsigned long long>(release.observed.load()));
  return release.faults.load() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace rel

int main() { return rel::run(); }
