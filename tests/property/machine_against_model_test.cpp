// Random plans and random verdict sequences: the machine and the small model decide the same.
#include <catch2/catch.hpp>

#include <random>

#include <fmt/format.h>

#include "tests/property/model.h"

using namespace rel;
using namespace rel::machine_test;

namespace {

using Random = std::mt19937_64;

int64_t pick_time(Random& random, int64_t ticks_max) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(ticks_max)) * 100 * ms;
}

// 22:13:53 UTC: a minute, and with it a window, begins or ends after seven seconds.
constexpr int64_t start_ns = machine_start + 33 * second;
constexpr uint16_t start_minute = 22 * 60 + 13;

StageRow random_switch(Random& random) {
  StageRow row{.steps = {{0, 0, pick_time(random, 12)}, {990'000, 0, 0}}};
  row.kind = StageKind::blue_green;
  row.holdback = 10'000;
  row.mirror = 100'000;
  row.at_most_ns = 100 * ms + pick_time(random, 60);
  row.otherwise = static_cast<Otherwise>(1 + random() % 3);
  return row;
}

StageRow random_stage(Random& random) {
  if (random() % 6 == 0) return random_switch(random);
  StageRow row;
  const size_t steps = 1 + random() % 3;
  for (size_t i = 0; i < steps; ++i) {
    row.steps.push_back({static_cast<uint32_t>(100'000 * (i + 1)), 0, pick_time(random, 12)});
  }
  if (random() % 4 == 0) row.step_samples_min = static_cast<uint32_t>(1 + random() % 60);
  row.soak_ns = pick_time(random, 15);
  row.at_least_ns = pick_time(random, 15);
  if (random() % 2 == 0) {
    row.at_most_ns = 100 * ms + pick_time(random, 60);
    row.otherwise = static_cast<Otherwise>(1 + random() % 3);
  }
  return row;
}

void pick_temporal(Random& random, TriggerRow& row) {
  row.for_ns = 100 * ms + pick_time(random, 10);
  row.kind = static_cast<SustainKind>(random() % 7);
  switch (row.kind) {
    case SustainKind::held:
    case SustainKind::latch:
    case SustainKind::keep: return;
    case SustainKind::of_last:
      row.of = 1 + static_cast<uint32_t>(random() % 6);
      row.count = 1 + static_cast<uint32_t>(random() % row.of);
      return;
    case SustainKind::consecutive:
    case SustainKind::failures_over:
    case SustainKind::failures_within:
      row.count = 1 + static_cast<uint32_t>(random() % 4);
      return;
  }
}

UnknownRule random_rule(Random& random) {
  UnknownRule rule;
  rule.action = random() % 4 == 0 ? UnknownAction::alert : UnknownAction::hold;
  if (random() % 2 == 0 && rule.action == UnknownAction::hold) {
    rule.up_to_ns = 100 * ms + pick_time(random, 10);
    rule.then = static_cast<UnknownAction>(random() % 3);
  }
  return rule;
}

// Of triggers first, as in every plan.
void add_overrides(Random& random, Plan& plan) {
  const auto cause = [&] { return static_cast<uint8_t>(random() % 3); };
  for (uint32_t i = 0; i < plan.triggers.size(); ++i) {
    if (random() % 4 != 0) continue;
    plan.unknown_overrides.push_back(
        {.trigger = TriggerId{i}, .cause = cause(), .rule = random_rule(random)});
  }
  for (uint32_t i = 0; i < plan.stages.size(); ++i) {
    if (random() % 3 != 0) continue;
    plan.unknown_overrides.push_back(
        {.stage = StageId{i}, .cause = cause(), .rule = random_rule(random)});
  }
}

// Every window that allows is open at the start; what it excepts begins or has ended later.
Rows<IncreaseWindowId> random_windows(Random& random, Plan& plan) {
  if (random() % 3 != 0) return {};
  const uint16_t open_until = static_cast<uint16_t>(start_minute + 1 + random() % 3);
  Rows<IncreaseWindowId> rows =
      add_window(plan, IncreaseRule::allow, start_minute - 3, open_until);
  if (random() % 2 == 0) {
    add_window(plan, IncreaseRule::except, start_minute + 1, start_minute + 2);
    rows.count = 2;
  }
  return rows;
}

Plan random_plan(Random& random) {
  Plan plan;
  const uint32_t stages = 1 + random() % 3;
  for (uint32_t i = 0; i < stages; ++i) {
    StageRow row = random_stage(random);
    const bool last = i + 1 == stages;
    if (last && random() % 2 == 0) row.watch_ns = pick_time(random, 20);
    if (last && random() % 2 == 0) row.keep_warm_ns = pick_time(random, 40);
    const StageId stage = add_stage(plan, row);
    plan.stages[stage.value].increase = random_windows(random, plan);
  }
  plan.increase = random_windows(random, plan);
  plan.observe_only = random() % 4 == 0;
  const size_t triggers = 1 + random() % 7;
  for (size_t i = 0; i < triggers; ++i) {
    TriggerRow row;
    row.action = static_cast<TriggerAction>(random() % 5);
    const bool gate = row.action == TriggerAction::promote || row.action == TriggerAction::step;
    if (gate || random() % 3 == 0) row.stage = StageId{static_cast<uint32_t>(random() % stages)};
    if (random() % 2 == 0) pick_temporal(random, row);
    if (random() % 4 == 0) row.after_ns = pick_time(random, 15);
    if (row.after_ns > 0 && random() % 2 == 0) {
      row.after_share = 100'000 * static_cast<uint32_t>(1 + random() % 3);
    }
    row.reads_baseline = random() % 2 == 0;
    row.even_if_baseline = random() % 4 == 0;
    const TriggerId trigger = add_trigger(plan, row);
    const bool everywhere = plan.triggers[trigger.value].stage.is_none();
    if (everywhere && random() % 3 == 0) {
      plan.triggers[trigger.value].replaced_in = static_cast<uint32_t>(random() % (1 << stages));
    }
  }
  add_request_count(plan);
  for (UnknownRule& rule : plan.unknown) rule = random_rule(random);
  add_overrides(random, plan);
  if (random() % 3 == 0) plan.unknown[2] = {.action = UnknownAction::rollback};
  return plan;
}

// Verdicts come in runs; a rollback is rare enough for a release to get somewhere.
Verdict next_verdict(Random& random, Verdict present, TriggerAction action) {
  if (random() % 4 != 0) return present;
  const uint64_t dice = random() % 16;
  const uint64_t share_true = action == TriggerAction::rollback ? 3 : 6;
  if (dice < share_true) return Verdict::is_true;
  if (dice < 13) return Verdict::is_false;
  const Verdict unknowns[] = {Verdict::insufficient, Verdict::no_data, Verdict::source_error};
  return unknowns[dice - 13];
}

std::string text_of(const std::vector<ModelDecision>& decisions) {
  std::string text;
  for (const ModelDecision& decision : decisions) {
    text += fmt::format("{}/{} ", static_cast<int>(decision.kind),
                        static_cast<int32_t>(decision.trigger));
  }
  return text;
}

void run(uint64_t seed) {
  Random random(seed);
  const Plan plan = random_plan(random);
  Machine machine(plan, Answers::durable_at_once, start_ns);
  machine.start();
  Model model(plan, start_ns);
  Model::Seen seen;
  seen.condition.assign(plan.triggers.size(), Verdict::is_false);
  seen.baseline = seen.condition;
  for (int i = 0; i < 150; ++i) {
    for (uint32_t t = 0; t < plan.triggers.size(); ++t) {
      const TriggerAction action = plan.triggers[t].action;
      seen.condition[t] = next_verdict(random, seen.condition[t], action);
      seen.baseline[t] = next_verdict(random, seen.baseline[t], action);
      machine.set(TriggerId{t}, seen.condition[t]);
      machine.set_baseline(TriggerId{t}, seen.baseline[t]);
    }
    seen.requests = static_cast<uint32_t>(random() % 8);
    machine.add_requests(seen.requests);
    const size_t logged = machine.log.size();
    machine.tick(random() % 40 == 0 ? 1500 * ms : 100 * ms);
    seen.time = machine.now();
    const std::vector<ModelDecision> expected = model.tick(seen);
    std::vector<ModelDecision> decided;
    for (size_t d = logged; d < machine.log.size(); ++d) {
      decided.push_back({machine.log[d].kind, machine.log[d].trigger.value});
    }
    INFO("seed " << seed << ", tick " << i << ": rel_property_tests \"machine*\" reruns it");
    REQUIRE(text_of(decided) == text_of(expected));
    REQUIRE(machine.state().phase == model.phase);
    if (plan.observe_only) REQUIRE(machine.share() == 0);
    if (model.phase == Phase::rolled_back || model.phase == Phase::withdrawn) return;
    REQUIRE((machine.state().watching != 0) == model.watching);
    REQUIRE(machine.state().stage.value == model.stage);
    REQUIRE(machine.state().step == model.step);
    REQUIRE((machine.state().holding != 0) == model.holding);
  }
}

}  // namespace

TEST_CASE("machine and model decide the same on random plans and verdicts") {
  for (uint64_t seed = 1; seed <= 4000; ++seed) run(seed);
}
