#include "tests/sim/world.h"

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "runtime/host/host.h"
#include "tests/sim/afterwards.h"
#include "tests/sim/desk.h"
#include "tests/sim/member.h"
#include "tests/sim/set_oracle.h"

namespace rel::sim {
namespace {

class World {
 public:
  explicit World(const Scenario& scenario);
  Outcome live();

 private:
  // -- troubles
  void begin_and_end_troubles();
  void begin(const Event& event);
  void begin_at_disk(const Event& event);
  void end(const Event& event);
  void turn_power_off(const Event& event);
  void jump(int64_t ns);
  void disturbed();
  void kill_sidecars();
  Member& member_of(const Event& event) { return *members_[event.detail % members_.size()]; }
  Worker& worker_of(const Event& event) {
    return member_of(event).worker(event.detail / members_.size());
  }
  bool lasts(Trouble what) const;
  bool sidecar_wanted(size_t member) const;
  Weather weather() const;

  void run_tick();
  bool is_sound() const;
  Outcome outcome();
  Tally count();

  const Scenario& scenario_;
  const Policy& policy_;
  Random random_;
  Surroundings around_;
  std::vector<std::unique_ptr<Member>> members_;
  Desk desk_;
  SetOracle set_;
  bool powered_ = true;
  bool struck_ = false;  // the sidecar that was to be killed at a write has been
  std::deque<Event> ahead_;     // by tick
  std::vector<Event> present_;  // begun, with an end
  Tally tally_;
};

World::World(const Scenario& scenario)
    : scenario_(scenario),
      policy_(policy(scenario.policy)),
      random_(scenario.seed ^ 0x5eed),
      desk_(scenario, around_),
      ahead_(scenario.events.begin(), scenario.events.end()) {
  end_all_processes();
  around_.disk.seed_randomness(scenario.seed);
  for (const Plan& plan : policy_.plans) {
    members_.push_back(
        std::make_unique<Member>(plan, policy_.facts, scenario, around_, random_));
  }
  for (auto& member : members_) {
    std::vector<const Mapping*> peers;
    for (auto& other : members_) {
      if (other != member) peers.push_back(&other->mapping());
    }
    member->begin(std::move(peers));
  }
}

// -- troubles

bool World::lasts(Trouble what) const {
  for (const Event& event : present_) {
    if (event.what == what) return true;
  }
  return false;
}

bool World::sidecar_wanted(size_t member) const {
  for (const Event& event : present_) {
    const bool killed = event.what == Trouble::sidecar_killed &&
                        event.detail % members_.size() == member;
    if (killed || (event.what == Trouble::sidecar_killed_writing && struck_)) return false;
  }
  return true;
}

Weather World::weather() const {
  return {.shared_outage = lasts(Trouble::shared_outage),
          .candidate_silent = lasts(Trouble::candidate_silent),
          .bad_values = lasts(Trouble::bad_values),
          .late_flood = lasts(Trouble::late_flood),
          .duplicates = lasts(Trouble::duplicate_events),
          .reordered = lasts(Trouble::reordered_events)};
}

void World::disturbed() {
  for (auto& member : members_) member->disturbed(Disturbance::windows_emptied);
  set_.disturbed();
}

void World::jump(int64_t ns) {
  around_.now_ns += ns;
  for (auto& member : members_) member->requests().lose_lines();
}

void World::kill_sidecars() {
  for (auto& member : members_) member->kill_sidecar();
}

void World::turn_power_off(const Event& event) {
  constexpr std::array<size_t, 3> granularities = {1, 512, 4096};
  for (auto& member : members_) member->lose_power();
  around_.disk.crash(event.detail, granularities[event.detail % granularities.size()]);
  around_.disk_fault = test::DiskFault::none;
  powered_ = false;
}

void World::begin_at_disk(const Event& event) {
  const uint64_t soon = event.detail % 40;
  switch (event.what) {
    case Trouble::disk_full: return around_.break_disk(test::DiskFault::no_space, soon);
    case Trouble::disk_sync_fails_once:
      return around_.break_disk(test::DiskFault::sync_once, 1 + soon);
    case Trouble::disk_sync_fails: return around_.break_disk(test::DiskFault::sync_forever, soon);
    case Trouble::disk_error: return around_.break_disk(test::DiskFault::io_error, 1 + soon);
    case Trouble::sidecar_killed_writing:
      struck_ = false;
      return around_.break_disk(test::DiskFault::power_off, 1 + soon);
    default: return;
  }
}

void World::begin(const Event& event) {
  ++tally_.began[static_cast<size_t>(event.what)];
  Worker& worker = worker_of(event);
  const int64_t jump_ns = static_cast<int64_t>(event.detail % 7'200) * second_ns;
  switch (event.what) {
    case Trouble::worker_killed:
      if (worker.lives()) worker.kill();
      break;
    case Trouble::worker_killed_inside:
      if (worker.serves()) worker.kill_inside(around_.now_ns, random_);
      break;
    case Trouble::worker_stalled:
      if (worker.serves()) worker.stall();
      break;
    case Trouble::worker_stalled_inside:
      if (worker.serves()) worker.stall_inside(around_.now_ns, random_);
      break;
    case Trouble::sidecar_killed: member_of(event).kill_sidecar(); break;
    case Trouble::power_cut: turn_power_off(event); break;
    case Trouble::clock_forward: jump(jump_ns); break;
    case Trouble::clock_back: jump(-jump_ns); break;
    case Trouble::pause: jump(600 * second_ns); break;
    case Trouble::source_outage: member_of(event).set_source_failing(true); break;
    case Trouble::way_back_not_ready: member_of(event).outside().set_ready(false); break;
    default: begin_at_disk(event); break;
  }
  disturbed();
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
    case Trouble::power_cut:
      powered_ = true;
      for (auto& member : members_) {
        for (Worker& each : member->workers()) {
          if (!each.lives()) each.start();
        }
      }
      break;
    case Trouble::disk_full:
    case Trouble::sidecar_killed_writing: around_.mend_disk(); break;
    case Trouble::disk_sync_fails:
      kill_sidecars();
      around_.mend_disk();
      break;
    case Trouble::source_outage: member_of(event).set_source_failing(false); break;
    case Trouble::way_back_not_ready: member_of(event).outside().set_ready(true); break;
    default: break;
  }
  disturbed();
}

void World::begin_and_end_troubles() {
  std::erase_if(present_, [this](const Event& event) {
    const bool over = event.tick + event.ticks <= around_.tick;
    if (over) end(event);
    return over;
  });
  for (; !ahead_.empty() && ahead_.front().tick <= around_.tick; ahead_.pop_front()) {
    begin(ahead_.front());
    if (ahead_.front().ticks > 0) present_.push_back(ahead_.front());
  }
}

// -- one tick

void World::run_tick() {
  around_.now_ns += tick_ns;
  begin_and_end_troubles();
  if (!powered_) {
    for (auto& member : members_) member->dark_tick();
    return;
  }
  const Weather today = weather();
  for (auto& member : members_) member->serve(today);
  for (auto& member : members_) member->evaluate();
  desk_.open(members_);
  for (size_t i = 0; i < members_.size(); ++i) {
    members_[i]->host(sidecar_wanted(i));
    if (!around_.disk.is_off()) continue;
    // Killed at that write: nothing it did after it was seen by anybody.
    struck_ = true;
    kill_sidecars();
    around_.mend_disk();
  }
  for (auto& member : members_) member->look();
  set_.after_tick(members_);
}

bool World::is_sound() const {
  for (const auto& member : members_) {
    if (!member->oracle().violation().empty()) return false;
  }
  return true;
}

Outcome World::live() {
  for (around_.tick = 1; around_.tick <= scenario_.ticks && is_sound(); ++around_.tick) run_tick();
  return outcome();
}

Tally World::count() {
  desk_.add_to(tally_);
  for (auto& member : members_) {
    tally_.probes_failed += member->outside().probes_failed();
    tally_.duplicates += member->requests().duplicates();
    tally_.reordered += member->requests().reordered();
    tally_.nonsense += member->requests().nonsense();
    for (size_t i = 0; i < moods; ++i) tally_.tries[i] += member->outside().tries()[i];
  }
  return tally_;
}

Outcome World::outcome() {
  Member& first = *members_[0];
  Outcome outcome{.trace = 0, .violation = {}, .decisions = 0, .ticks = around_.tick};
  outcome.rolled_back = first.state().phase == Phase::rolled_back;
  outcome.completed = first.state().phase == Phase::completed;
  const bool calm = scenario_.events.empty() && scenario_.asks.empty() &&
                    scenario_.candidate == Candidate::healthy;
  if (calm && !outcome.completed) {
    first.oracle().complain("a healthy release did not get through");
  }
  if (!powered_) end({.what = Trouble::power_cut});
  around_.mend_disk();
  for (auto& member : members_) member->end();
  if (is_sound()) try_afterwards(first, policy_.next, around_);
  for (auto& member : members_) {
    if (outcome.violation.empty()) outcome.violation = member->oracle().violation();
  }
  outcome.trace = around_.trace;
  outcome.decisions = around_.durable;
  outcome.log = around_.log;
  outcome.tally = count();
  return outcome;
}

}  // namespace

void Tally::add(const Tally& other) {
  for (size_t i = 0; i < troubles; ++i) began[i] += other.began[i];
  for (size_t i = 0; i < moods; ++i) tries[i] += other.tries[i];
  for (size_t i = 0; i < verbs; ++i) obeyed[i] += other.obeyed[i];
  for (size_t i = 0; i < verbs; ++i) refused[i] += other.refused[i];
  unheard += other.unheard;
  probes_failed += other.probes_failed;
  duplicates += other.duplicates;
  reordered += other.reordered;
  nonsense += other.nonsense;
}

Outcome run(const Scenario& scenario) { return World(scenario).live(); }

}  // namespace rel::sim
