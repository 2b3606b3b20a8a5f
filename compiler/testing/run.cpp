#include "compiler/testing/run.h"

#include <algorithm>

#include "compiler/testing/traffic.h"
#include "runtime/simulation/simulation.h"

namespace rel::testing {
namespace {

using sema::TypedExpectation;
using sema::TypedTest;

constexpr int64_t second_ns = 1'000'000'000;
constexpr int64_t minute_ns = 60 * second_ns;
constexpr int64_t fine_tick_ns = 100'000'000;
constexpr int64_t coarse_tick_ns = second_ns;
constexpr int64_t fine_for_ns = 10 * minute_ns;
// What a run waits beyond the start and the last change when nothing says how long.
constexpr int64_t after_change_ns = 10 * minute_ns;
constexpr int ticks_unseen_max = 50;
// Monday, 2 March 2026, 10:00 UTC: an ordinary working day.
constexpr int64_t start_default_ns = 1'772'445'600 * second_ns;

// The end of what is fed, as far as it is said.
int64_t fed_until(const TypedTest& test) {
  const int64_t changed_ns = test.changes_ns.empty() ? 0 : test.changes_ns.back();
  int64_t end_ns = changed_ns + after_change_ns;
  for (const sema::TypedSeries& series : test.feeds)
    for (const sema::TypedPart& part : series.parts) end_ns = std::max(end_ns, part.to_ns);
  return end_ns;
}

// The longest the release can take from its place on, when nothing holds it for ever.
int64_t release_until(const Plan& plan, StageId first) {
  int64_t sum_ns = 0;
  for (uint32_t i = first.is_none() ? 0 : first.value; i < plan.stages.size(); ++i) {
    const Stage& stage = plan.stages[i];
    int64_t steps_ns = 0;
    for (uint32_t step = stage.steps.first; step < stage.steps.end(); ++step)
      steps_ns += plan.steps[step].duration_ns;
    const int64_t least_ns = std::max({steps_ns, stage.soak_ns, stage.at_least_ns});
    sum_ns += stage.at_most_ns > 0 ? stage.at_most_ns : 2 * least_ns + after_change_ns;
  }
  return std::min(sum_ns, limits::duration_ns_max);
}

class Run {
 public:
  Run(const sema::TypedPolicy& policy, const TypedTest& test, const Plan& plan,
      Simulation& simulation, TestRun& made)
      : test_(test),
        plan_(plan),
        simulation_(simulation),
        made_(made),
        start_ns_(test.start_ns.value_or(start_default_ns)),
        traffic_(policy, test, plan, start_ns_),
        fed_until_(fed_until(test)),
        release_until_(release_until(plan, test.stage ? StageId{*test.stage} : StageId{})) {}

  void run() {
    made_.test = &test_;
    made_.log.plan = &plan_;
    made_.log.start_ns = start_ns_;
    made_.fired.resize(plan_.triggers.size());
    made_.unfed = traffic_.unfed();
    simulation_.start(start_ns_);
    look(0);
    set_source(0);
    int64_t now_ns = 0;
    while (running_ && now_ns < until_ns_) {
      const int64_t next_ns = now_ns + tick_at(now_ns);
      traffic_.make(route_of(plan_, state_), now_ns, next_ns, [&](const Observation& request) {
        simulation_.observe(request);
        ++made_.requests;
      });
      set_source(now_ns);
      simulation_.advance(start_ns_ + next_ns);
      now_ns = next_ns;
      look(now_ns);
    }
    made_.log.end_ns = now_ns;
    for (const TypedExpectation& each : test_.expectations)
      made_.judgements.push_back(judge(made_.log, each));
  }

 private:
  int64_t tick_at(int64_t now_ns) {
    if (now_ns % coarse_tick_ns != 0) return fine_tick_ns;
    int64_t since_ns = 0;
    int64_t next_ns = limits::duration_ns_max;
    for (const int64_t change_ns : test_.changes_ns) {
      if (change_ns <= now_ns) since_ns = change_ns;
      else next_ns = std::min(next_ns, change_ns);
    }
    const bool fine = now_ns - since_ns < fine_for_ns || next_ns - now_ns < coarse_tick_ns;
    simulation_.set_tick(fine ? fine_tick_ns : coarse_tick_ns);
    return fine ? fine_tick_ns : coarse_tick_ns;
  }

  void set_source(int64_t at_ns) {
    const bool answers = traffic_.source_answers(at_ns);
    if (answers == answers_) return;
    answers_ = answers;
    simulation_.set_source(start_ns_ + at_ns, answers);
  }

  // Takes down what the last tick did. A state is large: it is copied after a decision, for nothing
  // moves without one, and now and then for the triggers that are true and decide nothing.
  void look(int64_t now_ns) {
    const bool decided = simulation_.decisions().size() > made_.log.decisions.size();
    if (now_ns != 0 && !decided && ++ticks_unseen_ < ticks_unseen_max) {
      made_.log.end_ns = now_ns;
      return;
    }
    ticks_unseen_ = 0;
    state_ = simulation_.engine_state();
    running_ = state_.phase == Phase::running;
    for (uint32_t i = 0; i < plan_.triggers.size(); ++i)
      if (static_cast<Verdict>(state_.triggers[i].verdict) == Verdict::is_true) fired(i);
    const Standing here{now_ns, state_.phase, state_.stage,
                        route_of(plan_, state_).share_millionths};
    std::vector<Standing>& standings = made_.log.standings;
    if (standings.empty() || standings.back().phase != here.phase ||
        standings.back().stage != here.stage ||
        standings.back().share_millionths != here.share_millionths)
      standings.push_back(here);
    const auto decisions = simulation_.decisions();
    const bool news = decisions.size() > made_.log.decisions.size();
    for (size_t i = made_.log.decisions.size(); i < decisions.size(); ++i) {
      count_fired(decisions[i]);
      made_.log.decisions.push_back(decisions[i]);
    }
    made_.log.end_ns = now_ns;
    if (news || now_ns == 0) until_ns_ = wait_until(now_ns);
  }

  void fired(uint32_t trigger) { made_.fired[trigger] = true; }

  // What a decision rests on was true, even if nothing of it is left after the tick.
  void count_fired(const Decision& decision) {
    if (decision.reason == Reason::trigger_true && !decision.trigger.is_none())
      fired(decision.trigger.value);
    const bool step = decision.kind == DecisionKind::step_advanced;
    const bool stage = decision.kind == DecisionKind::promoted;
    for (uint32_t i = 0; (step || stage) && i < plan_.triggers.size(); ++i) {
      const Trigger& trigger = plan_.triggers[i];
      const bool opened = (step && trigger.action == TriggerAction::step) ||
                          (stage && trigger.action == TriggerAction::promote);
      if (opened && trigger.stage == decision.stage) fired(i);
    }
  }

  // Up to when the expectations have to be watched, as far as is known now.
  int64_t wait_until(int64_t now_ns) const {
    int64_t until_ns = now_ns;
    bool open = false;     // something must not happen, or holds at the end, without a time
    bool awaited = false;  // something must happen
    for (const TypedExpectation& each : test_.expectations) {
      awaited = awaited || (each.kind && !each.none);
      if (find_decision(made_.log, each)) continue;
      const std::optional<int64_t> moment = each.to_ns        ? each.to_ns
                                            : each.kind ? std::nullopt
                                                        : each.from_ns;
      if (moment) until_ns = std::max(until_ns, *moment);
      else if (each.kind && !each.none) until_ns = std::max(until_ns, release_until_);
      else open = true;
    }
    if (!open) return until_ns;
    const bool steady = test_.changes_ns.empty() && !awaited;
    return std::max(until_ns, steady ? release_until_ : fed_until_);
  }

  const TypedTest& test_;
  const Plan& plan_;
  Simulation& simulation_;
  TestRun& made_;
  int64_t start_ns_;
  Traffic traffic_;
  int64_t fed_until_;
  int64_t release_until_;
  int64_t until_ns_ = 0;
  EngineState state_;
  int ticks_unseen_ = 0;
  bool running_ = false;
  bool answers_ = true;
};

}  // namespace

Result<TestRun> run_test(const sema::TypedPolicy& policy, const TypedTest& test,
                         const Plan& plan) {
  SimulationOptions options;
  options.tick_ns = fine_tick_ns;
  options.quiet = QuietTime::every_tick;
  if (test.stage) options.place = SimulationPlace{StageId{*test.stage}, test.step};
  auto simulation = Simulation::open(plan, Evaluator{&plan, {}}, options);
  if (!simulation) return simulation.error();
  TestRun made;
  Run(policy, test, plan, **simulation, made).run();
  return made;
}

}  // namespace rel::testing
