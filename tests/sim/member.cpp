#include "tests/sim/member.h"

#include <fmt/format.h>

#include "runtime/stage/decision_text.h"
#include "tests/sim/people.h"

namespace rel::sim {
namespace {

constexpr int64_t clock_skews_ns[] = {-7'000'000, 0, 5'000'000};
constexpr int counters_every_ticks = 64;

}  // namespace

Member::Member(const Plan& plan, const PolicyFacts& facts, const Scenario& scenario,
               Surroundings& around, Random& random)
    : plan_(plan),
      scenario_(scenario),
      around_(around),
      random_(random),
      oracle_(plan, facts, scenario),
      outside_(plan, scenario, oracle_.way_back()),
      mapping_(plan),
      requests_(scenario, workers_, random) {}

Member::~Member() {
  host_.reset();
  journal_.reset();
}

void Member::begin(std::vector<const Mapping*> peers) {
  for (const int64_t skew_ns : clock_skews_ns) {
    workers_.emplace_back(plan_, mapping_, peers, skew_ns);
  }
  for (Worker& worker : workers_) worker.start();
}

// -- troubles

void Member::disturbed(Disturbance what) { oracle_.disturbed(what); }

void Member::lose_power() {
  for (Worker& worker : workers_) worker.kill();
  kill_sidecar();
  mapping_.lose();
  requests_.lose_lines();
  requests_.forget_sent();
  oracle_.disturbed(Disturbance::volatile_lost);
}

void Member::set_source_failing(bool failing) {
  for (Worker& worker : workers_) {
    if (worker.lives()) worker.runtime().set_source_failing(failing);
  }
}

// kill -9: what it wrote is in the page cache, nothing is flushed or closed in order.
void Member::kill_sidecar() {
  around_.disk.fail_at(around_.disk.operations(), test::DiskFault::power_off);
  host_.reset();
  journal_.reset();
  view_.reset();
  around_.disk.forget_process(journal_name());
  if (!around_.disk_is_sound()) around_.disk.fail_at(around_.disk_fault_at, around_.disk_fault);
  oracle_.disturbed(Disturbance::windows_emptied);
}

// -- the sidecar

void Member::start_sidecar() {
  auto view = Runtime::open(plan_, Evaluator{.plan = &plan_, .compiled = {}}, mapping_.memory(),
                            is_alive);
  auto journal = Journal::open({.path = journal_name(), .vfs = test::MemoryDisk::vfs});
  const bool sound = around_.disk_is_sound();
  if (!journal) {
    if (sound) oracle_.complain("the journal does not open: " + journal.error().message);
    return;
  }
  HostSettings settings;
  settings.world = &outside_;
  settings.probes = scenario_.probed ? ProbeWayBack::before_stages : ProbeWayBack::on_demand;
  settings.control = control_rules();
  settings.logged = [this](const JournalEntry& entry) {
    ++around_.durable;
    around_.log += fmt::format("  tick {}: {} {}\n", around_.tick,
                               decision_line(plan_, entry.decision), entry.because);
    around_.note(entry.decision.id);
    around_.note(entry.decision.kind);
    around_.note(entry.decision.time_ns);
    oracle_.durable(entry, around_.now_ns);
  };
  auto host = Host::open(**view, **journal, settings, around_.time());
  if (!host) {
    if (sound) oracle_.complain("the host does not open: " + host.error().message);
    return;
  }
  if (!read_back(**journal, **host)) return;
  view_ = std::move(*view);
  journal_ = std::move(*journal);
  host_ = std::move(*host);
  oracle_.way_back().restarted();
}

// What was ever acknowledged is there.
bool Member::read_back(Journal& journal, Host& host) {
  const bool sound = around_.disk_is_sound();
  auto logged = journal.decisions(host.release().id, 0, INT64_MAX);
  auto orders = journal.hands().after(0, INT64_MAX);
  if (!logged || !orders) {
    if (sound) oracle_.complain("the journal cannot be read");
    return false;
  }
  oracle_.journal_holds(*logged);
  oracle_.hands().orders_hold(*orders);
  return true;
}

void Member::host(bool wanted) {
  facts_.hosted = false;
  if (host_ == nullptr && wanted && random_.chance(0.1)) {
    start_sidecar();
  } else if (host_ != nullptr && random_.chance(0.4)) {
    host_->step(around_.time());
    facts_.hosted = true;
    if (host_->settled()) oracle_.way_back().settled();
  }
  facts_.calm = host_ != nullptr && around_.disk_is_sound();
}

// -- one tick

void Member::serve(const Weather& weather) {
  facts_ = {};
  facts_.now_ns = around_.now_ns;
  facts_.steady_ns = around_.time().steady_ns;
  facts_.source_failing = mapping_.shared().mail.source_failing.load() != 0;
  facts_.both_arms_fail = weather.shared_outage;
  requests_.serve(weather, around_.tick, around_.now_ns, facts_);
}

// Each worker tries, in an order of its own.
void Member::evaluate() {
  const size_t first = random_.below(workers_.size());
  for (size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[(first + i) % workers_.size()];
    if (worker.serves()) facts_.evaluated |= worker.tick(around_.now_ns);
  }
}

void Member::look() {
  Worker* awake = nullptr;
  for (Worker& worker : workers_) awake = worker.lives() ? &worker : awake;
  if (view_ == nullptr && awake == nullptr) return dark_tick();
  const Runtime& looked_at = view_ != nullptr ? *view_ : awake->runtime();
  state_ = looked_at.engine_state();
  const Route route = looked_at.published_route();
  around_.note(route.share_millionths);
  around_.note(route.mirror_millionths);
  around_.note(state_.phase);
  around_.note(state_.next_decision_id);
  oracle_.after_tick(facts_, state_, route);
  if (around_.tick % counters_every_ticks == 0) check_counters(looked_at);
  ask_panel();
}

// Each observation is counted, or refused for its time, once.
void Member::check_counters(const Runtime& runtime) {
  const Runtime::Counters counters = runtime.counters();
  const uint64_t accounted = counters.observed + counters.late + counters.future;
  if (accounted == requests_.sent()) return;
  oracle_.complain(fmt::format("{} observations are accounted for, {} were made", accounted,
                               requests_.sent()));
}

void Member::ask_panel() {
  for (Worker& worker : workers_) {
    if (!worker.serves()) continue;
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t number = (static_cast<uint32_t>(around_.tick) * 4 + i) % Oracle::panel;
      const RouteDecision decision =
          worker.runtime().route(fmt::format("panel-{}", number), around_.now_ns);
      oracle_.user(number, decision.candidate != 0, decision.share_millionths);
    }
    return;
  }
}

void Member::end() {
  kill_sidecar();
  if (oracle_.violation().empty()) start_sidecar();
}

}  // namespace rel::sim
