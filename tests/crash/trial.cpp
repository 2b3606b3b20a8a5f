#include "tests/crash/trial.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "runtime/host/host.h"
#include "runtime/stage/decision_text.h"
#include "tests/fake_http.h"

namespace rel::test {
namespace {

constexpr int ticks_max = 300;
constexpr uint32_t second_step_share = 500'000;

uint32_t share_of(const Plan& plan, const Raise& raise) {
  const Stage& stage = plan.stages[raise.stage.value];
  return plan.steps[stage.steps.at(raise.step).value].share_millionths;
}

// The most that the journal permits the candidate to have.
uint32_t permitted_share(const Plan& plan, const JournaledState& journal) {
  uint32_t share = route_of(plan, journal.state).share_millionths;
  if (journal.raise && journal.raise->outcome != RaiseOutcome::taken_back &&
      journal.raise->raise.kind != RaiseKind::none) {
    share = std::max(share, share_of(plan, journal.raise->raise));
  }
  return share;
}

bool is_same(const LoggedDecision& logged, const Witness::Entry& seen) {
  const Decision& decision = logged.entry.decision;
  return decision.id == seen.id && decision.kind == seen.kind && decision.time_ns == seen.time_ns;
}

// Every acknowledged decision once, in the order of its acknowledgement.
std::string broken_order(const std::vector<LoggedDecision>& logged, const Witness& witness) {
  size_t at = 0;
  for (uint32_t i = 0; i < witness.logged; i++) {
    const Witness::Entry& seen = witness.entries[i];
    const auto same = [&](const LoggedDecision& one) { return is_same(one, seen); };
    const auto times = std::count_if(logged.begin(), logged.end(), same);
    if (times != 1) {
      return fmt::format("acknowledged decision {} ({}) is in the journal {} times", i,
                         decision_kind_name(seen.kind), times);
    }
    while (!same(logged[at])) at++;
  }
  return "";
}

}  // namespace

Plan trial_plan() {
  PlanBuilder b;
  b.plan = small_plan();
  b.plan.actions.clear();
  b.plan.arguments.clear();
  Action& revert = b.action(ActionKind::webhook, {"http://deploy/1"}, "revert");
  revert.purpose = ActionPurpose::revert;
  revert.subject_kind = SubjectKind::feature;
  revert.subject = b.text("history");
  revert.version = b.text("6");
  b.action(ActionKind::webhook, {"http://deploy/2"}, "notify");
  b.action(ActionKind::report, {"postmortem.md"}, "report \"postmortem.md\"");
  b.action(ActionKind::webhook, {"http://deploy/4"}, "before webhook").purpose =
      ActionPurpose::hook;
  Gate gate{.kind = GateKind::hook, .at = GateAt::entering, .stage = StageId{1}};
  gate.name = gate.text = b.text("before live");
  b.plan.gate_arguments.push_back(b.text("hook"));
  gate.arguments = {0, 1};
  gate.span = {StringId{0}, 0, 1, 12, 3};
  b.plan.gates.push_back(gate);
  b.plan.hooks.push_back({.action = ActionId{3}, .gate = GateId{0}});
  return std::move(b.plan);
}

void live(const Trial& trial, Witness& witness, const std::function<bool()>& dead) {
  const std::unique_ptr<Runtime> runtime = trial.gateway.open();
  Result<std::unique_ptr<Journal>> journal = Journal::open(trial.journal);
  if (!journal) return;
  FakeHttp http([&witness](const HttpRequest& request) {
    if (!header_of(request, "X-Relc-Dry-Run").empty()) return HttpAnswer{.status = 200};
    const auto step = static_cast<size_t>(header_of(request, "Idempotency-Key").back() - '1');
    witness.asked_after_success |= witness.recorded.at(step);
    const bool first = witness.asked.at(step)++ == 0;
    return HttpAnswer{.status = step == 0 && first ? 503 : 200};
  });
  HostSettings settings{.state_dir = trial.folder,
                        .actuators = {.webhooks = {.hosts = {"deploy"}}},
                        .http = &http,
                        .probes = ProbeWayBack::before_stages};
  settings.logged = [&witness](const JournalEntry& entry) {
    const Decision& d = entry.decision;
    if (d.kind == DecisionKind::action_done) witness.recorded.at(d.action.value) = true;
    witness.entries.at(witness.logged) = {d.id, d.time_ns, d.kind};
    witness.logged++;
  };
  auto host = Host::open(*runtime, **journal, settings, trial.gateway.now());
  if (!host) return;
  for (int tick = 0; tick < ticks_max && !witness.settled; tick++) {
    (*host)->step(trial.gateway.now());
    if (dead()) return;
    const bool turn = trial.script == Script::rolls_back && witness.share == second_step_share;
    if (turn) trial.gateway.observe(20, 10);
    trial.gateway.tick();
    witness.share = trial.gateway.runtime().published_route().share_millionths;
    witness.went_back |= trial.gateway.runtime().engine_state().phase == Phase::rolled_back;
    witness.elapsed_ns = trial.gateway.now().steady_ns;
    witness.settled = (*host)->settled();
  }
}

std::string broken_by_crash(const Trial& trial, const Witness& witness) {
  JournalOptions options = trial.journal;
  Result<std::unique_ptr<Journal>> journal = Journal::open(options);
  if (!journal) return "the journal does not open: " + journal.error().message;
  auto release = (*journal)->find_release(trial.plan.release, plan_hash(trial.plan));
  if (!release) return release.error().message;
  if (!release->has_value()) {
    return witness.share == 0 && witness.logged == 0 ? "" : "the record of the release is lost";
  }
  auto logged = (*journal)->decisions((*release)->id, 0, INT64_MAX);
  if (!logged) return logged.error().message;
  if (std::string broken = broken_order(*logged, witness); !broken.empty()) return broken;
  auto state = (*journal)->state((*release)->id, trial.plan);
  if (!state) return state.error().message;
  const uint32_t permitted = state->has_value() ? permitted_share(trial.plan, **state) : 0;
  if (witness.share > permitted) {
    return fmt::format("the gateway gave {} millionths, the journal permits {}", witness.share,
                       permitted);
  }
  const bool back_logged =
      std::any_of(logged->begin(), logged->end(), [](const LoggedDecision& one) {
        return one.entry.decision.kind == DecisionKind::rolled_back;
      });
  if (back_logged && (*state)->state.phase != Phase::rolled_back) {
    return "a rollback is logged, and the state is not rolled back";
  }
  if (back_logged && !(*journal)->quarantined(candidate_identity(trial.plan)).value()) {
    return "a rollback is logged, and the candidate is not quarantined";
  }
  return "";
}

std::string broken_saga(const Trial& trial, const Witness& witness) {
  if (witness.asked_after_success) return "a step ran again after its success was on record";
  if (trial.script == Script::goes_through) {
    if (witness.asked[0] + witness.asked[1] != 0) return "a way back without a rollback";
    // A crash between a try and its record repeats the try, once a crash.
    return witness.asked[3] == 1 || witness.asked[3] == 2 ? "" : "a hook ran too often, or never";
  }
  if (witness.asked[0] < 2) return "the step that failed was not tried again";
  if (witness.asked[1] < 1) return "a step was lost";
  // A crash between a try and its record repeats the try, once a crash.
  return witness.asked[0] <= 3 && witness.asked[1] <= 2 ? "" : "a step ran too often";
}

std::string broken_log(const Trial& trial) {
  Result<std::unique_ptr<Journal>> journal = Journal::open(trial.journal);
  if (!journal) return journal.error().message;
  const auto release = (*journal)->find_release(trial.plan.release, plan_hash(trial.plan));
  if (!release || !release->has_value()) return "no record of the release";
  const auto logged = (*journal)->decisions((*release)->id, 0, INT64_MAX);
  if (!logged) return logged.error().message;
  std::string text;
  for (const LoggedDecision& one : *logged) {
    const DecisionKind kind = one.entry.decision.kind;
    // Alerts depend on the traffic of a life; a started action may be started again by the next.
    const bool varies = kind == DecisionKind::alerted || kind == DecisionKind::action_started;
    if (!varies) text += std::string(decision_kind_name(kind)) + " ";
  }
  const std::string expected =
      trial.script == Script::goes_through
          ? "stage_entered step_advanced action_done promoted stage_entered completed "
          : "stage_entered step_advanced rolled_back action_done action_done action_done "
            "quarantined ";
  return text == expected ? "" : "the log reads: " + text;
}

}  // namespace rel::test
