#include "runtime/host/host.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/check.h"
#include "runtime/base/time_text.h"
#include "runtime/host/plan_history.h"
#include "runtime/host/report_again.h"
#include "runtime/host/status_json.h"
#include "runtime/stage/gates.h"

namespace rel {
namespace {

constexpr int64_t snapshot_interval_ns = 1'000'000'000;
constexpr int64_t journal_retry_ns = 500'000'000;
constexpr int64_t record_interval_ns = 1'000'000'000;
constexpr int64_t reading_interval_ns = 1'000'000'000;
// An evaluator publishes its state a moment before its decisions. A pass that meets that moment is
// left out; a ring that was full has a gap that no waiting closes, hence a limit.
constexpr int torn_passes_max = 10;

bool is_back(Phase phase) { return phase == Phase::rolled_back || phase == Phase::withdrawn; }

// Exposure may still grow.
bool is_open(Phase phase) { return phase == Phase::idle || phase == Phase::running; }

bool goes_back(DecisionKind kind) {
  return kind == DecisionKind::rolled_back || kind == DecisionKind::withdrawn;
}

}  // namespace

// What one look at the runtime came to.
struct Host::Pass {
  EngineState state;
  std::vector<Decision> ring;         // not acknowledged, oldest first
  std::vector<JournalEntry> entries;  // of these, what belongs into the journal
  std::vector<RaiseRecord> raises;
  bool asks = false;  // state.pending has no durable record yet
};

Host::Host(Runtime& runtime, Journal& journal, HostSettings settings)
    : runtime_(runtime), journal_(journal), settings_(std::move(settings)) {}

Result<std::unique_ptr<Host>> Host::open(Runtime& runtime, Journal& journal, HostSettings settings,
                                         HostTime now) {
  std::unique_ptr<Host> host(new Host(runtime, journal, std::move(settings)));
  if (Status s = host->recover(now); !s) return s.error();
  return host;
}

// -- recovery

Status Host::recover(HostTime now) {
  const Plan& plan = runtime_.plan();
  Result<std::optional<ReleaseRecord>> found = journal_.find_release(plan.release, plan_hash(plan));
  if (!found) return found.error();
  std::optional<JournaledState> journaled;
  std::vector<ActionRecord> actions;
  if (found->has_value()) {
    release_ = std::move(**found);
    auto state = journal_.state(release_.id, plan);
    if (!state) return state.error();
    journaled = *state;
    auto known_actions = journal_.actions(release_.id);
    if (!known_actions) return known_actions.error();
    actions = std::move(*known_actions);
  }
  const EngineState mapping = runtime_.engine_state();
  const Recovery recovery = reconcile(journaled, mapping);
  recovery_note_ = recovery.why;
  const EngineState& first =
      recovery.kind == RecoveryKind::restore_journal ? recovery.state : mapping;
  // A release that may not start leaves no record: it is judged anew at the next start.
  if (!journaled && first.phase == Phase::idle) {
    if (Status s = check_may_start(now); !s) return s;
  }
  if (release_.id == 0 && blocked_.empty()) {
    if (Status s = begin_release(now.now_ns); !s) return s;
  }
  if (journaled) {
    raise_ = journaled->raise;
    last_journaled_ = journaled->last_decision_id;
    journaled_phase_ = journaled->state.phase;
    last_seen_ = last_journaled_;
  }
  plans_ = PlanHistory::of(plan);
  if (release_.id != 0) {
    Result<PlanHistory> plans = PlanHistory::read(journal_, release_);
    if (!plans) return plans.error();
    plans_ = std::move(*plans);
  }
  prepare_way_back(std::move(actions));
  if (Status s = resume_way_back(first.epoch); !s) return s;
  if (recovery.kind == RecoveryKind::restore_journal) {
    restoring_ = recovery.state;
    last_seen_ = recovery.state.next_decision_id - 1;
    runtime_.restore({recovery.state, journaled ? journaled->evidence : std::vector<uint64_t>{}});
  }
  Result<HandBook> hands = HandBook::open(runtime_, journal_.hands(), release_.id);
  if (!hands) return hands.error();
  hands_.emplace(std::move(*hands));
  checklist_.emplace(runtime_.plan(), settings_.control, settings_.read_card,
                     settings_.policy_folder);
  read_checklist(now);
  keep_ticks(now);  // from the first one on
  if (first.phase == Phase::idle && blocked_.empty()) runtime_.request_start();
  return ok();
}

void Host::prepare_way_back(std::vector<ActionRecord> actions) {
  const Plan& plan = runtime_.plan();
  report_folder_ = report_folder_of(settings_.state_dir, plan, release_);
  const Actuators actuators{settings_.actuators, settings_.http, settings_.world};
  const WayBackParts parts{plan, release_, actuators, report_folder_};
  const auto of_hooks = std::stable_partition(
      actions.begin(), actions.end(), [&plan](const ActionRecord& record) {
        return !is_of_hook(plan.actions[record.action.value].purpose);
      });
  hooks_ = std::make_unique<StageHooks>(parts,
                                        std::vector<ActionRecord>(of_hooks, actions.end()));
  actions.erase(of_hooks, actions.end());
  way_back_ = std::make_unique<WayBack>(parts, std::move(actions));
  follower_ = std::make_unique<RouteFollower>(plan, actuators);
  world_ = std::make_unique<WorldProbes>(plan, actuators);
  rehearsal_ = std::make_unique<Rehearsal>(plan, actuators, report_folder_);
  pace_.emplace(series_points_max(plan));
}

// What the journal knows of the way back of this epoch, and of the samples taken so far.
Status Host::resume_way_back(uint64_t epoch) {
  if (release_.id == 0) return ok();
  auto acknowledged = journal_.acknowledged(release_.id, epoch);
  if (!acknowledged) return acknowledged.error();
  if (acknowledged->has_value()) way_back_->acknowledged(**acknowledged);
  auto series = journal_.series(release_.id, runtime_.plan());
  if (!series) return series.error();
  std::vector<int64_t> times_ns;
  for (const SeriesPoint& point : *series) times_ns.push_back(point.time_ns);
  pace_->resume(times_ns);
  return ok();
}

Status Host::begin_release(int64_t now_ns) {
  Result<ReleaseRecord> begun = journal_.begin_release(runtime_.plan(), now_ns);
  if (!begun) return begun.error();
  release_ = std::move(*begun);
  return ok();
}

// What the host does itself, with its decision and its order in one transaction.
Status Host::carry_out(HandRecord& order, JournalEntry& entry, std::string_view cleared) {
  order.command.sequence = hands_->take_number();
  order.release = release_.id;
  order.outcome = HandOutcome::done;
  entry.actor = order.actor;
  entry.decision.reason = Reason::by_hand;
  entry.decision.hand = order.command.sequence;
  const JournalBatch batch{.entries = {&entry, 1}, .order = &order, .cleared = cleared};
  if (Status s = journal_.record(release_.id, runtime_.plan(), batch); !s) return s;
  if (settings_.logged) settings_.logged(entry);
  return ok();
}

Status Host::answer_gate(HandRecord& order, DecisionKind kind, int64_t now_ns) {
  const EngineState state = runtime_.engine_state();
  JournalEntry entry{.because = fmt::format("{}: {}", order.argument, order.why),
                     .frame = aggregates_json(runtime_)};
  entry.decision.time_ns = now_ns;
  entry.decision.epoch = state.epoch;
  entry.decision.kind = kind;
  entry.decision.stage = state.stage;
  entry.decision.share_millionths = route_of(runtime_.plan(), state).share_millionths;
  if (Status s = carry_out(order, entry, {}); !s) return s;
  next_reading_ns_ = 0;
  return ok();
}

// Ticks prove decisions, they do not carry them: a disk that refuses them stops nothing, and what
// it refused is a gap of the replay.
void Host::keep_ticks(HostTime now) {
  if (settings_.state_dir.empty() || release_.id == 0 || now.steady_ns < next_record_ns_) return;
  next_record_ns_ = now.steady_ns + record_interval_ns;
  if (!tick_log_) {
    Result<TickLog> log = TickLog::open(settings_.state_dir, release_.id);
    if (!log) return;
    tick_log_.emplace(std::move(*log));
  }
  recorded_.clear();
  runtime_.take_recorded(recorded_);
  if (!recorded_.empty() && !tick_log_->append(recorded_)) tick_log_.reset();
}

// A journal that cannot be read leaves the readings as they are; it permits nothing either.
void Host::read_checklist(HostTime now) {
  if (runtime_.plan().gates.empty() || now.steady_ns < next_reading_ns_) return;
  next_reading_ns_ = now.steady_ns + reading_interval_ns;
  const GateSources sources{journal_.hands(), release_.id, rehearsed_, *hooks_, *world_};
  if (!checklist_->read(sources, now.now_ns)) return;
  runtime_.set_gates(checklist_->passed());
}

// Every point that a raise needs is asked once more before the raise is written down.
void Host::keep_gates_open(Pass& pass, HostTime now) {
  if (!pass.asks) return;
  const uint64_t needed = stage::gates_needed(runtime_.plan(), pass.state, pass.state.pending);
  if (needed == 0) return;
  next_reading_ns_ = 0;
  read_checklist(now);
  const bool fresh = world_->are_fresh(needed, now);
  if (fresh && (needed & ~checklist_->passed()) == 0) return;
  pass.asks = false;
  runtime_.refuse_raise(pass.state.pending.id);
}

// The record of the release comes first: it has no state yet, so that a host that dies here judges
// anew whether the release may start.
Status Host::unquarantine(HandRecord& order, int64_t now_ns) {
  const Plan& plan = runtime_.plan();
  const std::string candidate(candidate_identity(plan));
  auto quarantine = journal_.quarantined(candidate);
  if (!quarantine) return quarantine.error();
  if (!quarantine->has_value()) {
    return Error{fmt::format("candidate `{}` is not quarantined", candidate)};
  }
  if (release_.id == 0) {
    if (Status s = begin_release(now_ns); !s) return s;
    hands_->begin_release(release_.id);
    prepare_way_back({});
  }
  JournalEntry entry{.because = fmt::format("candidate `{}`: {}", candidate, order.why)};
  entry.decision.time_ns = now_ns;
  entry.decision.epoch = state().epoch;
  entry.decision.kind = DecisionKind::unquarantined;
  if (Status s = carry_out(order, entry, candidate); !s) return s;
  if (blocked_.empty()) return ok();
  blocked_.clear();
  if (Status s = check_may_start({.now_ns = now_ns}); !s) return s;
  if (blocked_.empty()) runtime_.request_start();
  return ok();
}

Status Host::check_may_start(HostTime now) {
  const Plan& plan = runtime_.plan();
  const std::string_view candidate = candidate_identity(plan);
  auto quarantine = journal_.quarantined(candidate);
  if (!quarantine) return quarantine.error();
  if (quarantine->has_value()) {
    blocked_ = fmt::format("candidate `{}` is quarantined since {}, when release `{}` failed; "
                           "release a mended candidate, under its own digest",
                           candidate, rfc3339_text((*quarantine)->since_ns),
                           (*quarantine)->release);
    return ok();
  }
  auto cooldown = journal_.cooldown(plan.model);
  if (!cooldown) return cooldown.error();
  if (cooldown->has_value() && (*cooldown)->until_ns > now.now_ns) {
    blocked_ = fmt::format("model `{}` cools down until {}, after release `{}` failed; start again "
                           "then",
                           plan.model, rfc3339_text((*cooldown)->until_ns),
                           (*cooldown)->release);
  }
  return ok();
}

// A restored state is in force once an evaluator has taken it. Until then what can be read is the
// state it replaces, which must not reach the journal.
bool Host::waits_for_restore(const EngineState& state) {
  if (!restoring_) return false;
  const EngineState& wanted = *restoring_;
  const bool taken = state.phase == wanted.phase && state.stage == wanted.stage &&
                     state.step == wanted.step && state.epoch == wanted.epoch &&
                     state.next_decision_id >= wanted.next_decision_id;
  // A rollback of the state that was to be replaced may have come first: it stands.
  if (taken || state.epoch > wanted.epoch) restoring_.reset();
  return restoring_.has_value();
}

// -- one pass

void Host::step(HostTime now) {
  runtime_.sidecar_heartbeat(now.now_ns);
  // Before the journal: what takes exposure away does not wait for a disk that fails.
  if (!restoring_) hands_->step(runtime_.engine_state());
  follower_->advance(runtime_.published_route().share_millionths, now);
  take_rehearsal(now);
  if (is_open(runtime_.engine_state().phase) && world_->advance(now)) next_reading_ns_ = 0;
  read_checklist(now);
  keep_ticks(now);
  if (!blocked_.empty() || now.steady_ns < retry_at_ns_) return;
  keep_journal(now);
  if (journal_error_.empty()) carry_out_hooks(now);
  if (journal_error_.empty()) go_back(now);
}

// False: state and ring are of two different moments, look again at the next pass.
bool Host::read_ring(Pass& pass) {
  uint64_t last = 0;
  while (pass.ring.size() < limits::decision_ring) {
    const std::optional<Decision> next = runtime_.decision_after(last);
    if (!next) break;
    last = next->id;
    pass.ring.push_back(*next);
  }
  pass.state = runtime_.engine_state();
  const bool torn = runtime_.decision_after(last).has_value() ||
                    pass.state.next_decision_id != std::max(last, last_seen_) + 1;
  torn_passes_ = torn ? torn_passes_ + 1 : 0;
  return !torn || torn_passes_ > torn_passes_max;
}

// The decisions of a raise are all made in one tick. Those of the raise that is pending now become
// durable with it; those of an earlier one that was taken back or refused never happened.
void Host::sort_decisions(Pass& pass, HostTime now) {
  const Raise& pending = pass.state.pending;
  int64_t asked_ns = 0;
  for (const Decision& decision : pass.ring) {
    if (decision.durable_first != 0 && decision.id > last_journaled_) asked_ns = decision.time_ns;
  }
  pass.asks = asked_ns != 0 && pending.kind != RaiseKind::none &&
              (!raise_ || raise_->raise.id != pending.id);
  if (pass.asks && !way_back_is_ready(pass, now)) {
    pass.asks = false;
    runtime_.refuse_raise(pending.id);
  }
  keep_gates_open(pass, now);
  for (const Decision& decision : pass.ring) {
    if (decision.id <= last_journaled_) continue;
    const bool of_raise = decision.durable_first != 0;
    if (of_raise && (!pass.asks || decision.time_ns != asked_ns)) continue;
    JournalEntry entry{.decision = decision};
    if (of_raise) entry.raise = pending.id;
    name_hand(entry);
    if (goes_back(decision.kind)) entry.frame = aggregates_json(runtime_);
    pass.entries.push_back(std::move(entry));
  }
  if (pass.asks) pass.raises.push_back({pending, RaiseOutcome::permitted});
}

// Who ordered it, and why in that person's words.
void Host::name_hand(JournalEntry& entry) {
  if (entry.decision.hand == 0) return;
  const HandRecord* order = hands_->find(entry.decision.hand);
  entry.actor = order == nullptr ? "unknown" : order->actor;
  if (order == nullptr) return;
  entry.because = order->argument.empty() ? order->why
                                          : fmt::format("{}: {}", order->argument, order->why);
}

void Host::settle_last_raise(Pass& pass) {
  if (raise_ && raise_->outcome == RaiseOutcome::permitted &&
      raise_->raise.id != pass.state.pending.id) {
    pass.raises.push_back({raise_->raise, outcome_of(raise_->raise, pass.state)});
  }
}

bool Host::snapshot_is_due(const Pass& pass) const {
  return !pass.entries.empty() || !pass.raises.empty() ||
         pass.state.phase != journaled_phase_ || checklist_->has_changes();
}

// Nothing goes further out while nobody knows whether it could come back: the engine is told no,
// and asks again.
bool Host::way_back_is_ready(const Pass& pass, HostTime now) {
  const RaiseKind kind = pass.state.pending.kind;
  const bool stage = kind == RaiseKind::start || kind == RaiseKind::stage;
  if (settings_.probes == ProbeWayBack::on_demand || !stage) return true;
  const auto is_fresh = [&] {
    return rehearsed_ && now.now_ns - rehearsed_->time_ns <= limits::rehearsal_fresh_ns;
  };
  const bool ended = !rehearsal_->is_running();
  if (is_fresh() && rehearsed_->passed) return true;
  const bool again = !rehearsed_ || rehearsed_->passed ||
                     now.now_ns - rehearsed_->time_ns >= limits::rehearsal_retry_ns;
  if (ended && again) rehearsal_->begin("", now);
  take_rehearsal(now);
  return is_fresh() && rehearsed_->passed;
}

void Host::take_rehearsal(HostTime now) {
  std::optional<RehearsalRecord> record = rehearsal_->poll(now);
  if (!record) return;
  rehearsed_ = std::move(record);
  const Plan& plan = runtime_.plan();
  if (Status s = journal_.add_rehearsal(release_.id, plan.model, *rehearsed_); !s) {
    journal_error_ = s.error().message;
  }
  if (rehearsed_->passed || !rehearsed_->who.empty()) {
    told_not_ready_ = told_not_ready_ && !rehearsed_->passed;
    return;
  }
  if (told_not_ready_) return;
  told_not_ready_ = true;
  const EngineState state = runtime_.engine_state();
  JournalEntry entry;
  entry.decision.time_ns = now.now_ns;
  entry.decision.epoch = state.epoch;
  entry.decision.kind = DecisionKind::alerted;
  entry.decision.reason = Reason::action_outcome;
  entry.decision.stage = state.stage;
  entry.because = "the next stage does not begin, the way back failed its probe: " +
                  rehearsed_->detail;
  std::replace(entry.because.begin(), entry.because.end(), '\n', ';');
  if (Status s = write({.entries = {&entry, 1}}); !s) journal_error_ = s.error().message;
}

void Host::keep_journal(HostTime now) {
  Pass pass;
  if (waits_for_restore(runtime_.engine_state()) || !read_ring(pass)) return;
  sort_decisions(pass, now);
  settle_last_raise(pass);
  const bool clock = pass.state.phase == Phase::running &&
                     now.steady_ns - last_snapshot_ns_ >= snapshot_interval_ns;
  const bool retry = !journal_error_.empty();
  if (snapshot_is_due(pass) || clock || retry) {
    // The moment of the way back is always among the samples.
    const bool back = is_back(pass.state.phase) && journaled_phase_ == Phase::running;
    const bool due = pace_->is_due(now.now_ns) || !pass.entries.empty();
    const bool sampled = (pass.state.phase == Phase::running && due) || back;
    SeriesPace pace = *pace_;
    const SeriesPoint sample = sampled ? take_sample(pass.state, now) : SeriesPoint{};
    const bool thin = sampled && pace.kept(now.now_ns);
    Status written = write({.entries = pass.entries,
                            .state = &pass.state,
                            .raises = pass.raises,
                            .sample = sampled ? &sample : nullptr,
                            .thin_series = thin});
    if (!written) {
      retry_at_ns_ = now.steady_ns + journal_retry_ns;
      return journal_failed(pass, written.error().message);
    }
    last_snapshot_ns_ = now.steady_ns;
    pace_ = pace;
    journaled_phase_ = pass.state.phase;
    // The latest raise by its number is the one recovery reads.
    for (const RaiseRecord& raise : pass.raises) {
      if (!raise_ || raise.raise.id >= raise_->raise.id) raise_ = raise;
    }
    journal_error_.clear();
  }
  if (!pass.ring.empty()) {
    last_seen_ = std::max(last_seen_, pass.ring.back().id);
    runtime_.acknowledge_decision(pass.ring.back().id);
  }
  const Raise& pending = pass.state.pending;
  if (pending.kind != RaiseKind::none && raise_ && raise_->raise.id == pending.id &&
      raise_->outcome == RaiseOutcome::permitted) {
    runtime_.grant_raise(pending.id);
  }
}

// A commit that failed may be on disk all the same when the host dies now: the next one then finds
// a permitted raise that the engine does not ask for any more, and marks it as taken back.
void Host::journal_failed(const Pass& pass, std::string why) {
  journal_error_ = std::move(why);
  if (pass.asks) runtime_.refuse_raise(pass.state.pending.id);
}

SeriesPoint Host::take_sample(const EngineState& state, HostTime now) const {
  const size_t size = runtime_.plan().frame_size;
  std::vector<double> values(size);
  std::vector<uint8_t> causes(size);
  std::vector<uint64_t> samples(size);
  runtime_.copy_frame(values, causes, samples);
  return make_series_point(now.now_ns, route_of(runtime_.plan(), state).share_millionths,
                           runtime_.counters(), std::move(values), causes);
}

Status Host::write(JournalBatch batch) {
  const Plan& plan = runtime_.plan();
  const std::span<const JournalEntry> entries = batch.entries;
  const auto failed =
      std::find_if(entries.begin(), entries.end(), [](const JournalEntry& entry) {
        return entry.decision.kind == DecisionKind::rolled_back;
      });
  QuarantineRecord quarantine;
  CooldownRecord cooldown;
  const std::vector<uint64_t> evidence =
      batch.state == nullptr ? std::vector<uint64_t>{} : runtime_.evidence_checkpoint();
  batch.evidence = evidence;
  const std::vector<ProbeRecord> probes = checklist_->changes(release_.id);
  batch.probes = probes;
  // In force from the moment the rollback is on disk, not after the slowest action.
  if (failed != entries.end()) {
    const int64_t since_ns = failed->decision.time_ns;
    quarantine = {std::string(candidate_identity(plan)), plan.release, since_ns};
    cooldown = {plan.model, plan.release, since_ns + plan.cooldown_ns};
    if (plan.quarantine_candidate != 0) batch.quarantine = &quarantine;
    if (plan.cooldown_ns > 0) batch.cooldown = &cooldown;
  }
  if (Status s = journal_.record(release_.id, plan, batch); !s) return s;
  checklist_->keep_changes();
  for (const JournalEntry& entry : entries) {
    last_journaled_ = std::max(last_journaled_, entry.decision.id);
    if (settings_.logged) settings_.logged(entry);
  }
  return ok();
}

Status Host::acknowledge(const std::string& who, const std::string& why, HostTime now) {
  const EngineState state = runtime_.engine_state();
  if (!is_back(state.phase) || release_.id == 0) {
    return Error{"there is nothing to acknowledge: the release has not gone back"};
  }
  if (const auto& before = way_back_->acknowledgement()) {
    return Error{fmt::format("{} acknowledged it at {}", before->who,
                             rfc3339_text(before->time_ns))};
  }
  const Acknowledgement made{.epoch = state.epoch, .time_ns = now.now_ns, .who = who, .why = why};
  JournalEntry entry;
  entry.decision.time_ns = now.now_ns;
  entry.decision.epoch = state.epoch;
  entry.decision.kind = DecisionKind::reviewed;
  entry.decision.reason = Reason::action_outcome;
  entry.decision.stage = state.stage;
  entry.because = fmt::format("{} acknowledged that the release went back: {}", who, why);
  const JournalBatch batch{.entries = {&entry, 1}, .acknowledgement = &made};
  if (Status s = journal_.record(release_.id, runtime_.plan(), batch); !s) return s;
  way_back_->acknowledged(made);
  if (settings_.logged) settings_.logged(entry);
  return ok();
}

WriteSteps Host::step_writer() {
  return [this](const std::vector<JournalEntry>& entries,
                const std::vector<ActionRecord>& actions) {
    return write({.entries = entries, .actions = actions});
  };
}

// A hook's gate opens once its success is on disk.
void Host::carry_out_hooks(HostTime now) {
  const EngineState state = runtime_.engine_state();
  if (restoring_ || release_.id == 0) return;
  const Result<bool> ended = hooks_->advance(state, checklist_->passed(), now, step_writer());
  if (!ended) {
    journal_error_ = ended.error().message;
    retry_at_ns_ = now.steady_ns + journal_retry_ns;
    return;
  }
  if (*ended) next_reading_ns_ = 0;
  end_after_hook(state, now);
}

// As an order of the host itself: in the audit, and given once, also when the host dies meanwhile.
void Host::end_after_hook(const EngineState& state, HostTime now) {
  const std::optional<StageHooks::Demand> demand = hooks_->demand(state);
  if (!demand || hook_ends_release_) return;
  HandRecord order{.key = demand->key, .actor = "relc", .why = demand->why, .time_ns = now.now_ns};
  const bool begun = state.phase != Phase::idle;
  const bool failed = demand->what == HookFailure::rollback;
  order.command.kind = !begun   ? HandKind::abort
                       : failed ? HandKind::rollback
                                : HandKind::withdraw;
  order.verb = !begun ? "abort" : failed ? "rollback" : "withdraw";
  order.command.epoch = state.epoch;
  if (hands_->submit(std::move(order))) hook_ends_release_ = true;
}

void Host::go_back(HostTime now) {
  const EngineState state = runtime_.engine_state();
  const bool durable = state.phase == journaled_phase_;
  if (restoring_ || !durable) return;
  settled_ = (state.phase == Phase::completed && hooks_->finished(state)) ||
             (is_back(state.phase) && way_back_->finished());
  if (!is_back(state.phase)) return;
  const auto read_timeline = [this] {
    auto log = journal_.decisions(release_.id, 0, INT64_MAX);
    if (log) plans_->write_out(*log);
    return log;
  };
  const auto read_series = [this] { return journal_.series(release_.id, runtime_.plan()); };
  const auto read_other = [this] {
    const Runtime::Counters counted = runtime_.counters();
    return std::vector<uint64_t>(counted.requests_other,
                                 counted.requests_other + runtime_.plan().segments.size());
  };
  const WayBack::Record record{read_timeline, read_series, step_writer(), read_other};
  if (Status s = way_back_->advance(state, now, record); !s) {
    journal_error_ = s.error().message;
    retry_at_ns_ = now.steady_ns + journal_retry_ns;
  }
}

}  // namespace rel
