#include "tests/sim/world.h"

#include <xxhash.h>

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "runtime/host/host.h"
#include "runtime/stage/decision_text.h"
#include "tests/memory_disk.h"
#include "tests/sim/oracle.h"
#include "tests/sim/policies.h"
#include "tests/sim/processes.h"

namespace rel::sim {
namespace {

constexpr int64_t start_ns = int64_t{1'772'366'400} * 1'000'000'000;  // 2026-03-01T12:00:00Z
constexpr int users = 500;
constexpr double healthy_failures = 0.002;
constexpr double bad_failures = 0.30;
constexpr double outage_failures = 0.40;

class World {
 public:
  explicit World(const Scenario& scenario);
  ~World();
  Outcome live();

 private:
  // -- troubles
  void begin(const Event& event);
  void end(const Event& event);
  void turn_power_off(const Event& event);
  void jump(int64_t ns);
  Worker& worker_of(const Event& event) { return workers_[event.detail % workers_.size()]; }
  bool lasts(Trouble what) const;

  // -- one tick
  void serve(TickFacts& facts);
  void answer(Worker& worker, const RouteDecision& decision, TickFacts& facts);
  void observe(Worker& worker, LaneArm arm, TickFacts& facts);
  void observe_nonsense(Worker& worker);
  void ask_panel();
  bool evaluate();
  void start_sidecar();
  void kill_sidecar();
  void set_disk_fault(test::DiskFault fault, uint64_t in_operations);
  void note(const EngineState& state, const Route& route);
  template <typename T>
  void trace(const T& value) {
    trace_ = XXH64(&value, sizeof value, trace_);
  }

  const Scenario& scenario_;
  const Plan& plan_;
  Random random_;
  Oracle oracle_;
  test::MemoryDisk disk_;
  Mapping mapping_;
  std::vector<Worker> workers_;
  std::unique_ptr<Runtime> view_;  // the sidecar's
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Host> host_;
  bool sidecar_wanted_ = true;
  bool powered_ = true;
  test::DiskFault disk_fault_ = test::DiskFault::none;
  uint64_t disk_fault_at_ = 0;
  int tick_ = 0;
  int64_t now_ns_ = start_ns;
  std::deque<Event> ahead_;     // by tick
  std::vector<Event> present_;  // begun, with an end
  uint64_t trace_ = 0;
  uint64_t durable_ = 0;
  std::string log_;
};

World::World(const Scenario& scenario)
    : scenario_(scenario),
      plan_(policy(scenario.policy)),
      random_(scenario.seed ^ 0x5eed),
      oracle_(plan_, scenario),
      mapping_(plan_),
      ahead_(scenario.events.begin(), scenario.events.end()) {
  end_all_processes();
  disk_.seed_randomness(scenario.seed);
  for (const int64_t skew_ns : {-7'000'000, 0, 5'000'000}) {
    workers_.emplace_back(plan_, mapping_, skew_ns);
    workers_.back().start();
  }
}

World::~World() {
  host_.reset();
  journal_.reset();
}

// -- troubles

bool World::lasts(Trouble what) const {
  for (const Event& event : present_) {
    if (event.what == what) return true;
  }
  return false;
}

void World::jump(int64_t ns) {
  now_ns_ += ns;
  oracle_.disturbed(Disturbance::windows_emptied);
}

void World::set_disk_fault(test::DiskFault fault, uint64_t in_operations) {
  disk_fault_ = fault;
  disk_fault_at_ = disk_.operations() + in_operations;
  disk_.fail_at(disk_fault_at_, fault);
}

void World::turn_power_off(const Event& event) {
  constexpr std::array<size_t, 3> granularities = {1, 512, 4096};
  for (Worker& worker : workers_) worker.kill();
  kill_sidecar();
  disk_.crash(event.detail, granularities[event.detail % granularities.size()]);
  disk_fault_ = test::DiskFault::none;
  mapping_.lose();
  powered_ = false;
  oracle_.disturbed(Disturbance::volatile_lost);
}

void World::begin(const Event& event) {
  Worker& worker = worker_of(event);
  const int64_t jump_ns = static_cast<int64_t>(event.detail % 7'200) * 1'000'000'000;
  switch (event.what) {
    case Trouble::worker_killed:
      if (worker.lives()) worker.kill();
      break;
    case Trouble::worker_killed_inside:
      if (worker.serves()) worker.kill_inside(now_ns_, random_);
      break;
    case Trouble::worker_stalled:
      if (worker.serves()) worker.stall();
      break;
    case Trouble::worker_stalled_inside:
      if (worker.serves()) worker.stall_inside(now_ns_, random_);
      break;
    case Trouble::sidecar_killed:
      kill_sidecar();
      sidecar_wanted_ = false;
      break;
    case Trouble::power_cut: turn_power_off(event); break;
    case Trouble::disk_full: set_disk_fault(test::DiskFault::no_space, event.detail % 40); break;
    case Trouble::disk_sync_fails_once:
      set_disk_fault(test::DiskFault::sync_once, 1 + event.detail % 40);
      break;
    case Trouble::disk_sync_fails:
      set_disk_fault(test::DiskFault::sync_forever, event.detail % 40);
      break;
    case Trouble::disk_error:
      set_disk_fault(test::DiskFault::io_error, 1 + event.detail % 40);
      break;
    case Trouble::clock_forward: jump(jump_ns); break;
    case Trouble::clock_back: jump(-jump_ns); break;
    case Trouble::pause: jump(600'000'000'000); break;
    case Trouble::source_outage:
      for (Worker& each : workers_) {
        if (each.lives()) each.runtime().set_source_failing(true);
      }
      break;
    case Trouble::shared_outage:
    case Trouble::candidate_silent:
    case Trouble::bad_values:
    case Trouble::late_flood: break;
  }
  oracle_.disturbed(Disturbance::windows_emptied);
}

void World::end(const Event& event) {
  Worker& worker = worker_of(event);
  switch (event.what) {
    case Trouble::worker_killed:
    case Trouble::worker_killed_inside:
      if (powered_ && !worker.lives()) worker.start();
      break;
    case Trouble::worker_stalled:
    case Trouble::worker_stalled_inside:
      if (worker.lives()) worker.wake(random_);
      break;
    case Trouble::sidecar_killed: sidecar_wanted_ = true; break;
    case Trouble::power_cut:
      powered_ = true;
      for (Worker& each : workers_) {
        if (!each.lives()) each.start();
      }
      break;
    case Trouble::disk_full:
      disk_.heal();
      disk_fault_ = test::DiskFault::none;
      break;
    case Trouble::disk_sync_fails:
      kill_sidecar();
      disk_.heal();
      disk_fault_ = test::DiskFault::none;
      break;
    case Trouble::source_outage:
      for (Worker& each : workers_) {
        if (each.lives()) each.runtime().set_source_failing(false);
      }
      break;
    default: break;
  }
  oracle_.disturbed(Disturbance::windows_emptied);
}

// -- the sidecar

void World::start_sidecar() {
  auto view = Runtime::open(plan_, Evaluator{.plan = &plan_, .compiled = {}}, mapping_.memory(),
                            is_alive);
  auto journal = Journal::open({.path = "journal.db", .vfs = test::MemoryDisk::vfs});
  const bool sound = disk_fault_ == test::DiskFault::none;
  if (!journal) {
    if (sound) oracle_.complain("the journal does not open: " + journal.error().message);
    return;
  }
  HostSettings settings{.state_dir = "unused"};
  settings.logged = [this](const JournalEntry& entry) {
    ++durable_;
    log_ += fmt::format("  tick {}: {}\n", tick_, decision_line(plan_, entry.decision));
    trace(entry.decision.id);
    trace(entry.decision.kind);
    trace(entry.decision.time_ns);
    oracle_.durable(entry);
  };
  auto host = Host::open(**view, **journal, settings, {now_ns_, tick_ * tick_ns});
  if (!host) {
    if (sound) oracle_.complain("the host does not open: " + host.error().message);
    return;
  }
  auto logged = (*journal)->decisions((*host)->release().id, 0, INT64_MAX);
  if (logged) oracle_.journal_holds(*logged);
  else if (sound) oracle_.complain("the journal cannot be read: " + logged.error().message);
  view_ = std::move(*view);
  journal_ = std::move(*journal);
  host_ = std::move(*host);
}

// kill -9: what it wrote is in the page cache, nothing is flushed or closed in order.
void World::kill_sidecar() {
  disk_.fail_at(disk_.operations(), test::DiskFault::power_off);
  host_.reset();
  journal_.reset();
  view_.reset();
  disk_.forget_process();
  if (disk_fault_ != test::DiskFault::none) disk_.fail_at(disk_fault_at_, disk_fault_);
}

// -- requests

void World::observe(Worker& worker, LaneArm arm, TickFacts& facts) {
  const bool candidate = arm != LaneArm::baseline_live;
  const bool bad = candidate && scenario_.candidate != Candidate::healthy &&
                   tick_ >= scenario_.bad_from;
  const bool slow = bad && scenario_.candidate == Candidate::slow;
  const double failures = facts.both_arms_fail ? outage_failures
                          : bad && !slow       ? bad_failures
                                               : healthy_failures;
  Observation o;
  o.time_ns = now_ns_ - static_cast<int64_t>(random_.below(50'000'000));
  o.arm = arm;
  o.segment[0] = static_cast<uint8_t>(random_.below(3));
  o.present = 3;
  o.value[latency_metric] = (slow ? 0.6 : 0.05) + 0.01 * static_cast<double>(random_.below(5));
  o.value[failed_metric] = random_.chance(failures) ? 1 : 0;
  if (candidate && lasts(Trouble::candidate_silent)) return;
  worker.observe(o);
  Traffic& seen = facts.arms[static_cast<size_t>(arm)];
  ++seen.requests;
  seen.failures += o.value[failed_metric] > 0;
}

// Failures that are none: no number, or of another time. None of them may count.
void World::observe_nonsense(Worker& worker) {
  constexpr std::array<double, 4> nonsense = {__builtin_nan(""), __builtin_inf(), -1.0, 1e300};
  Observation o;
  o.arm = LaneArm::candidate_live;
  o.time_ns = now_ns_;
  if (lasts(Trouble::bad_values)) {
    o.present = 3;
    o.value[latency_metric] = nonsense[random_.below(nonsense.size())];
    o.value[failed_metric] = nonsense[random_.below(nonsense.size())];
    worker.observe(o);
  }
  if (lasts(Trouble::late_flood)) {
    o.present = 1u << failed_metric;
    o.value[failed_metric] = 1;
    o.time_ns = now_ns_ + (random_.chance(0.5) ? 60'000'000'000 : -60'000'000'000);
    worker.observe(o);
  }
}

void World::answer(Worker& worker, const RouteDecision& decision, TickFacts& facts) {
  observe(worker, decision.candidate ? LaneArm::candidate_live : LaneArm::baseline_live, facts);
  if (decision.mirror) observe(worker, LaneArm::candidate_shadow, facts);
}

void World::serve(TickFacts& facts) {
  for (int i = 0; i < scenario_.requests_per_tick; ++i) {
    Worker& worker = workers_[random_.below(workers_.size())];
    const std::string key = fmt::format("user-{}", random_.below(users));
    if (!worker.serves()) continue;
    answer(worker, worker.runtime().route(key, now_ns_), facts);
    observe_nonsense(worker);
  }
}

void World::ask_panel() {
  for (Worker& worker : workers_) {
    if (!worker.serves()) continue;
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t number = (static_cast<uint32_t>(tick_) * 4 + i) % Oracle::panel;
      const RouteDecision decision =
          worker.runtime().route(fmt::format("panel-{}", number), now_ns_);
      oracle_.user(number, decision.candidate != 0, decision.share_millionths);
    }
    return;
  }
}

// Each worker tries, in an order of its own.
bool World::evaluate() {
  const size_t first = random_.below(workers_.size());
  bool evaluated = false;
  for (size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[(first + i) % workers_.size()];
    if (worker.serves()) evaluated |= worker.tick(now_ns_);
  }
  return evaluated;
}

void World::note(const EngineState& state, const Route& route) {
  trace(route.share_millionths);
  trace(route.mirror_millionths);
  trace(state.phase);
  trace(state.next_decision_id);
}

Outcome World::live() {
  EngineState state;
  for (tick_ = 1; tick_ <= scenario_.ticks && oracle_.violation().empty(); ++tick_) {
    now_ns_ += tick_ns;
    std::erase_if(present_, [this](const Event& event) {
      const bool over = event.tick + event.ticks <= tick_;
      if (over) end(event);
      return over;
    });
    for (; !ahead_.empty() && ahead_.front().tick <= tick_; ahead_.pop_front()) {
      begin(ahead_.front());
      if (ahead_.front().ticks > 0) present_.push_back(ahead_.front());
    }
    if (!powered_) {
      oracle_.dark_tick();
      continue;
    }
    TickFacts facts;
    facts.source_failing = mapping_.shared().mail.source_failing.load() != 0;
    facts.both_arms_fail = lasts(Trouble::shared_outage);
    serve(facts);
    facts.evaluated = evaluate();
    if (host_ == nullptr && sidecar_wanted_ && random_.chance(0.1)) start_sidecar();
    else if (host_ != nullptr && random_.chance(0.5)) host_->step({now_ns_, tick_ * tick_ns});
    const auto eye = view_ ? view_.get() : nullptr;
    Worker* awake = nullptr;
    for (Worker& worker : workers_) awake = worker.lives() ? &worker : awake;
    if (eye == nullptr && awake == nullptr) {
      oracle_.dark_tick();
      continue;
    }
    const Runtime& looked_at = eye != nullptr ? *eye : awake->runtime();
    state = looked_at.engine_state();
    const Route route = looked_at.published_route();
    note(state, route);
    oracle_.after_tick(facts, state, route);
    ask_panel();
  }
  Outcome outcome{.trace = trace_, .violation = {}, .decisions = durable_, .ticks = tick_};
  outcome.rolled_back = state.phase == Phase::rolled_back;
  outcome.completed = state.phase == Phase::completed;
  const bool calm = scenario_.events.empty() && scenario_.candidate == Candidate::healthy;
  if (calm && !outcome.completed) oracle_.complain("a healthy release did not get through");
  kill_sidecar();
  if (powered_ && oracle_.violation().empty()) start_sidecar();
  outcome.violation = oracle_.violation();
  outcome.log = log_;
  return outcome;
}

}  // namespace

Outcome run(const Scenario& scenario) { return World(scenario).live(); }

}  // namespace rel::sim
