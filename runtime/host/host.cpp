#include "runtime/host/host.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/check.h"
#include "runtime/base/time_text.h"
#include "runtime/host/status_json.h"

namespace rel {
namespace {

constexpr int64_t snapshot_interval_ns = 1'000'000'000;
constexpr int64_t journal_retry_ns = 500'000'000;
// An evaluator publishes its state a moment before its decisions. A pass that meets that moment is
// left out; a ring that was full has a gap that no waiting closes, hence a limit.
constexpr int torn_passes_max = 10;

bool is_back(Phase phase) { return phase == Phase::rolled_back || phase == Phase::withdrawn; }

bool goes_back(DecisionKind kind) {
  return kind == DecisionKind::rolled_back || kind == DecisionKind::withdrawn;
}

// `20260301T120000Z`: a time as part of a file's name.
std::string file_time_text(int64_t time_ns) {
  std::string text;
  for (const char c : rfc3339_text(time_ns).substr(0, 19)) {
    if (c != '-' && c != ':') text += c;
  }
  return text + "Z";
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
  prepare_way_back(std::move(actions));
  if (recovery.kind == RecoveryKind::restore_journal) {
    restoring_ = recovery.state;
    last_seen_ = recovery.state.next_decision_id - 1;
    runtime_.restore({recovery.state, journaled ? journaled->evidence : std::vector<uint64_t>{}});
  }
  Result<HandBook> hands = HandBook::open(runtime_, journal_.hands(), release_.id);
  if (!hands) return hands.error();
  hands_.emplace(std::move(*hands));
  if (first.phase == Phase::idle && blocked_.empty()) runtime_.request_start();
  return ok();
}

void Host::prepare_way_back(std::vector<ActionRecord> actions) {
  const Plan& plan = runtime_.plan();
  report_folder_ = fmt::format("{}/reports/{}-{}", settings_.state_dir, plan.release,
                               file_time_text(release_.begun_ns));
  way_back_ = std::make_unique<WayBack>(plan, release_, settings_.commands, report_folder_,
                                        std::move(actions));
}

Status Host::begin_release(int64_t now_ns) {
  Result<ReleaseRecord> begun = journal_.begin_release(runtime_.plan(), now_ns);
  if (!begun) return begun.error();
  release_ = std::move(*begun);
  return ok();
}

// The record of the release comes first: it has no state yet, so that a host that dies here judges
// anew whether the release may start.
Status Host::unquarantine(const HandRecord& order, int64_t now_ns) {
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
  JournalEntry entry{.because = fmt::format("candidate `{}`: {}", candidate, order.why),
                     .actor = order.actor};
  entry.decision.time_ns = now_ns;
  entry.decision.epoch = state().epoch;
  entry.decision.kind = DecisionKind::unquarantined;
  entry.decision.reason = Reason::by_hand;
  const JournalBatch batch{.entries = {&entry, 1}, .cleared = candidate};
  if (Status s = journal_.record(release_.id, plan, batch); !s) return s;
  if (settings_.logged) settings_.logged(entry);
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
  if (!blocked_.empty() || now.steady_ns < retry_at_ns_) return;
  keep_journal(now);
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
void Host::sort_decisions(Pass& pass) {
  const Raise& pending = pass.state.pending;
  int64_t asked_ns = 0;
  for (const Decision& decision : pass.ring) {
    if (decision.durable_first != 0 && decision.id > last_journaled_) asked_ns = decision.time_ns;
  }
  pass.asks = asked_ns != 0 && pending.kind != RaiseKind::none &&
              (!raise_ || raise_->raise.id != pending.id);
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
  return !pass.entries.empty() || !pass.raises.empty() || pass.state.phase != journaled_phase_;
}

void Host::keep_journal(HostTime now) {
  Pass pass;
  if (waits_for_restore(runtime_.engine_state()) || !read_ring(pass)) return;
  sort_decisions(pass);
  settle_last_raise(pass);
  const bool clock = pass.state.phase == Phase::running &&
                     now.steady_ns - last_snapshot_ns_ >= snapshot_interval_ns;
  const bool retry = !journal_error_.empty();
  if (snapshot_is_due(pass) || clock || retry) {
    Status written = write(&pass.state, pass.entries, {}, pass.raises);
    if (!written) {
      retry_at_ns_ = now.steady_ns + journal_retry_ns;
      return journal_failed(pass, written.error().message);
    }
    last_snapshot_ns_ = now.steady_ns;
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

Status Host::write(const EngineState* state, std::vector<JournalEntry> entries,
                   std::vector<ActionRecord> actions, std::vector<RaiseRecord> raises) {
  const Plan& plan = runtime_.plan();
  const auto failed =
      std::find_if(entries.begin(), entries.end(), [](const JournalEntry& entry) {
        return entry.decision.kind == DecisionKind::rolled_back;
      });
  QuarantineRecord quarantine;
  CooldownRecord cooldown;
  const std::vector<uint64_t> evidence =
      state == nullptr ? std::vector<uint64_t>{} : runtime_.evidence_checkpoint();
  JournalBatch batch{.entries = entries,
                     .state = state,
                     .evidence = evidence,
                     .raises = raises,
                     .actions = actions};
  // In force from the moment the rollback is on disk, not after the slowest action.
  if (failed != entries.end()) {
    const int64_t since_ns = failed->decision.time_ns;
    quarantine = {std::string(candidate_identity(plan)), plan.release, since_ns};
    cooldown = {plan.model, plan.release, since_ns + plan.cooldown_ns};
    if (plan.quarantine_candidate != 0) batch.quarantine = &quarantine;
    if (plan.cooldown_ns > 0) batch.cooldown = &cooldown;
  }
  if (Status s = journal_.record(release_.id, plan, batch); !s) return s;
  for (const JournalEntry& entry : entries) {
    last_journaled_ = std::max(last_journaled_, entry.decision.id);
    if (settings_.logged) settings_.logged(entry);
  }
  return ok();
}

void Host::go_back(HostTime now) {
  const EngineState state = runtime_.engine_state();
  const bool durable = state.phase == journaled_phase_;
  if (restoring_ || !durable) return;
  settled_ = state.phase == Phase::completed || (is_back(state.phase) && way_back_->finished());
  if (!is_back(state.phase) || way_back_->finished()) return;
  const auto write_outcome = [this](std::vector<JournalEntry> entries,
                                    std::vector<ActionRecord> actions) {
    return write(nullptr, std::move(entries), std::move(actions), {});
  };
  const auto read_timeline = [this] { return journal_.decisions(release_.id, 0, INT64_MAX); };
  if (Status s = way_back_->advance(state, now, {read_timeline, write_outcome}); !s) {
    journal_error_ = s.error().message;
    retry_at_ns_ = now.steady_ns + journal_retry_ns;
  }
}

}  // namespace rel
