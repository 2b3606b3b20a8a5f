// Golden groups that feed a state step by step: start mixtures, label tilt, temporal semantics.
#include <algorithm>
#include <memory>

#include "runtime/eval/evaluator.h"
#include "runtime/stage/engine.h"
#include "runtime/stats/label_tilt.h"
#include "runtime/stats/pane_grid.h"
#include "runtime/stats/special.h"
#include "runtime/stats/start_mixture.h"
#include "tests/golden/cases/adapters.h"

namespace rel::test {
namespace {

using namespace rel::stats;

json start_mixture_group(const json& in, const json&) {
  const auto grid = numbers_of(in.at("grid"));
  StartMixture state = start_mixture({.grid = static_cast<uint32_t>(grid.size()),
                                      .restart_every = in.at("restart_every").get<uint32_t>(),
                                      .horizon_panes = in.at("horizon_panes").get<uint32_t>(),
                                      .cumulative = number_of(in.at("w_cumulative"))});
  const auto k_c = numbers_of(in.at("kc"));
  const auto k_b = numbers_of(in.at("kb"));
  if (k_c.size() != k_b.size()) throw BadCase("`kc` and `kb` differ in length");
  json log_m = json::array();
  std::vector<double> factors(grid.size());
  for (size_t t = 0; t < k_c.size(); ++t) {
    if (!known_share_factors(k_c[t], k_b[t], number_of(in.at("pi")), 1, grid, factors) ||
        state.update(static_cast<int64_t>(t), factors) != PaneTaken::taken) {
      throw BadCase("a pane is refused");
    }
    log_m.push_back(number_json(state.log_e()));
  }
  return {{"log_M", log_m}};
}

json label_tilt(const json& in, const json&) {
  const auto phi = numbers_of(in.at("phi"));
  const auto theta = numbers_of(in.at("theta"));
  const auto candidate = counts_of(in.at("kc"));
  const auto baseline = counts_of(in.at("kb"));
  std::vector<double> factors(theta.size());
  if (!label_tilt_factors({phi, candidate, baseline}, number_of(in.at("pi")), theta, factors)) {
    throw BadCase("counts or share that cannot be");
  }
  return {{"log_e", number_json(log_mean_exp(factors))}};
}

Verdict verdict_of(char c) {
  if (c == 'T') return Verdict::is_true;
  if (c == 'F') return Verdict::is_false;
  if (c == 'U') return Verdict::insufficient;
  if (c == '-') return Verdict::no_data;
  throw BadCase(std::string("`") + c + "` is no verdict");
}

char letter_of(Verdict v) {
  return is_unknown(v) ? 'U' : v == Verdict::is_true ? 'T' : 'F';
}

// A plan whose predicate 0 is the trace, and 1 what it becomes: kept, sustained, ended.
struct Tail {
  Plan plan;

  PredicateId read(SustainId sustain) {
    return predicate({Node{.op = Op::sustained, .a = sustain.value}});
  }
  PredicateId predicate(std::vector<Node> nodes) {
    const auto first = static_cast<uint32_t>(plan.nodes.size());
    for (Node& node : nodes) {
      if (node.op != Op::sustained && node.op != Op::load && node.op != Op::constant) {
        node.a += first;
        if (node.b != NodeId::none_value) node.b += first;
      }
      plan.nodes.push_back(node);
    }
    plan.predicates.push_back({.nodes = {first, static_cast<uint32_t>(nodes.size())}});
    return PredicateId{static_cast<uint32_t>(plan.predicates.size() - 1)};
  }
  SustainId sustain(Sustain row) {
    plan.sustains.push_back(row);
    return SustainId{static_cast<uint32_t>(plan.sustains.size() - 1)};
  }
};

// `when A for D1 until not A for D2`, with `keep last` where the case keeps: the engine's own pass
// over a plan, one tick a second.
json temporal_for_keep(const json& in, const json&) {
  constexpr int64_t tick = 1'000'000'000;
  const std::string policy = in.at("no_data").get<std::string>();
  if (policy != "unknown" && policy != "hold") throw BadCase("`no_data` is unknown or hold");
  const int64_t keep = policy == "hold" ? in.at("max_hold_ticks").get<int64_t>() * tick : 0;
  Tail tail;
  tail.plan.aggregates.push_back({});
  tail.plan.frame_size = 1;
  PredicateId condition = tail.predicate({{.op = Op::load, .a = 0},
                                          {.op = Op::constant, .constant = 0.5},
                                          {.op = Op::gt, .a = 0, .b = 1}});
  if (keep > 0) {
    condition = tail.read(
        tail.sustain({.input = condition, .duration_ns = keep, .kind = SustainKind::keep}));
  }
  // `for` of no time: the verdict itself.
  const SustainId kept = tail.sustain({.input = condition});
  const PredicateId denied = tail.predicate(
      {{.op = Op::sustained, .a = kept.value}, {.op = Op::logical_not, .a = 0}});
  const SustainId entering = tail.sustain(
      {.input = condition, .duration_ns = in.at("for_ticks").get<int64_t>() * tick});
  const SustainId leaving = tail.sustain(
      {.input = denied, .duration_ns = in.at("clear_ticks").get<int64_t>() * tick});
  const PredicateId entered = tail.read(entering);
  const PredicateId cleared = tail.read(leaving);
  const SustainId latch =
      tail.sustain({.input = entered, .kind = SustainKind::latch, .until = cleared});

  const auto state = std::make_unique<EngineState>();
  const auto verdicts = std::make_unique<TickVerdicts>();
  std::string effective, sustained, states;
  int64_t now = 0;
  for (const char c : in.at("trace").get<std::string>()) {
    now += tick;
    const Verdict input = verdict_of(c);
    const double value = input == Verdict::is_true ? 1 : 0;
    const uint8_t causes = cause_of(input);
    evaluate_tick(tail.plan, Evaluator{&tail.plan, {}}, {&value, 1}, {&causes, 1}, *state, now,
                  *verdicts);
    state->last_tick_ns = now;
    const bool firing = verdicts->sustains[latch.value] == Verdict::is_true;
    const bool pending = verdicts->predicates[condition.value] == Verdict::is_true;
    effective += letter_of(verdicts->predicates[condition.value]);
    sustained += letter_of(verdicts->sustains[entering.value]);
    states += firing ? 'f' : pending ? 'p' : 'i';
  }
  return {{"effective", effective}, {"sustained", sustained}, {"states", states}};
}

// The verdict of the last node over two inputs, by the evaluator that decides releases.
Verdict evaluated(std::vector<Node> nodes, Verdict a, Verdict b) {
  Plan plan;
  plan.nodes = std::move(nodes);
  plan.predicates.push_back({.nodes = {0, static_cast<uint32_t>(plan.nodes.size())}});
  const uint8_t inputs[] = {static_cast<uint8_t>(a), static_cast<uint8_t>(b)};
  return interpret(plan, PredicateId{0}, FrameView{nullptr, nullptr, inputs});
}

json kleene_k3(const json& in, const json&) {
  const auto input = [&](const char* key) {
    const std::string text = in.at(key).get<std::string>();
    if (text.size() != 1) throw BadCase("a verdict is one letter");
    return verdict_of(text[0]);
  };
  const Verdict a = input("a"), b = input("b");
  const Node read_a{.op = Op::sustained, .a = 0}, read_b{.op = Op::sustained, .a = 1};
  const auto both = [](Op op) { return Node{.op = op, .a = 0, .b = 1}; };
  const auto text = [](Verdict v) { return std::string(1, letter_of(v)); };
  const Node not_a{.op = Op::logical_not, .a = 0};
  const Node not_a_or_b{.op = Op::logical_or, .a = 1, .b = 2};
  return {{"and", text(evaluated({read_a, read_b, both(Op::logical_and)}, a, b))},
          {"or", text(evaluated({read_a, read_b, both(Op::logical_or)}, a, b))},
          {"not_a", text(evaluated({read_a, not_a}, a, b))},
          {"implies", text(evaluated({read_a, not_a, read_b, not_a_or_b}, a, b))}};
}

}  // namespace

std::vector<Group> sequence_groups() {
  return {{"start_mixture", start_mixture_group},
          {"label_tilt", label_tilt},
          {"temporal_for_keep", temporal_for_keep},
          {"kleene_k3", kleene_k3}};
}

}  // namespace rel::test
