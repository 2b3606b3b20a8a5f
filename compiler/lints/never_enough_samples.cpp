// Why: a window that never holds the samples its comparison asks for leaves its trigger without a
// verdict for as long as the step lasts; where that holds the release, the step never ends.
// Avoid: `over 1m with at least 100 samples` where 1 % of 120 requests a second comes: 72 a minute.
// Prefer: a longer window, a smaller minimum or a larger share; or `after 10m at 5%`.
#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "compiler/lints/analysis/triggers.h"
#include "compiler/lints/lint.h"
#include "runtime/plan/text.h"

namespace rel::lints {

namespace {

using namespace sema;

constexpr double million = 1'000'000;
constexpr size_t insufficient = 0;  // row of TypedUnknowns

// One comparison of a trigger: the most samples that it wants of its window, and where.
struct Wanted {
  const TypedExpr* comparison = nullptr;
  const TypedAggregate* aggregate = nullptr;
};

// The part of the population with each value of a segment; nothing where the model does not say.
std::vector<double> parts_of(const TypedExpected& expected, const TypedPolicy& policy,
                             uint32_t segment) {
  std::vector<double> parts(policy.segments[segment].values.size(), -1);
  double left = 1;
  for (const ExpectedShare& each : expected.shares) {
    if (each.segment != segment) continue;
    parts[each.value] = each.share;
    left -= each.share;
  }
  const auto open = std::count(parts.begin(), parts.end(), -1.0);
  if (open == static_cast<std::ptrdiff_t>(parts.size())) return {};
  for (double& part : parts) {
    if (part < 0) part = std::max(left, 0.0) / static_cast<double>(open);
  }
  return parts;
}

// The part of the population that decides whether a fold has enough: of `any` the largest, of a
// number of parts the last that is needed, of `every` the smallest. Everybody where nobody says.
double deciding_part(const TypedPolicy& policy, const TypedExpected& expected,
                     const TypedFold& fold) {
  std::vector<double> cells = fold.crossed ? std::vector<double>{1} : std::vector<double>{};
  for (const uint32_t segment : fold.segments) {
    const std::vector<double> parts = parts_of(expected, policy, segment);
    if (parts.empty()) return 1;
    if (!fold.crossed) {
      cells.insert(cells.end(), parts.begin(), parts.end());
      continue;
    }
    std::vector<double> crossed;
    for (const double cell : cells) {
      for (const double part : parts) crossed.push_back(cell * part);
    }
    cells = std::move(crossed);
  }
  std::sort(cells.begin(), cells.end(), std::greater<>());
  switch (fold.kind) {
    case FoldKind::any: return cells.front();
    case FoldKind::every: return cells.back();
    case FoldKind::at_least: return cells[std::min<size_t>(fold.count, cells.size()) - 1];
  }
  return 1;
}

// The share of all requests that an arm has in a step; nothing where a rule decides.
std::optional<double> share_of(const TypedStage& stage, size_t step, Arm arm) {
  if (stage.wave_segment) return std::nullopt;
  const bool copies = stage.kind == StageKind::mirror ||
                      (stage.kind == StageKind::blue_green && step == 0);
  if (copies) return arm == Arm::baseline ? 1 : stage.mirror.millionths / million;
  const double full = 1 - stage.holdback.millionths / million;
  const double share = std::min(stage.steps[step].share.millionths / million, full);
  return arm == Arm::baseline ? 1 - share : share;
}

void collect(const TypedPolicy& policy, TypedId id, const TypedExpr* comparison,
             std::vector<Wanted>& wanted) {
  if (id.is_none()) return;
  const TypedExpr& expr = policy[id];
  if (expr.op == Op::load && comparison != nullptr) {
    const TypedAggregate& aggregate = policy.aggregates[expr.aggregate];
    const bool bounded = aggregate.window.kind == WindowKind::sliding && !aggregate.test;
    if (bounded && aggregate.samples_min > 0) wanted.push_back({comparison, &aggregate});
  }
  const bool compares = expr.op == Op::lt || expr.op == Op::le || expr.op == Op::gt ||
                        expr.op == Op::ge || expr.op == Op::eq || expr.op == Op::ne;
  const TypedExpr* inside = compares ? &expr : comparison;
  collect(policy, expr.left, inside, wanted);
  collect(policy, expr.right, inside, wanted);
}

std::string time_text(double seconds) {
  const double grid = seconds < 120 ? 5 : seconds < 7200 ? 60 : 3600;
  return exact_duration_text(static_cast<int64_t>(std::ceil(seconds / grid - 1e-9) * grid) *
                             1'000'000'000);
}

// A step in which a comparison has too few samples.
struct Blind {
  Wanted wanted;
  const TypedStage* stage = nullptr;
  size_t step = 0;
  double part = 1;
  double share = 0;  // of the arm
  double samples = 0;
  bool holds = false;
};

class Judge {
 public:
  Judge(const TypedPolicy& policy, const TypedRelease& release, const TypedExpected& expected)
      : policy_(policy), release_(release), expected_(expected) {}

  void trigger(const TypedTrigger& trigger, const TypedStage* own, Diagnostics& diagnostics) const {
    std::vector<Wanted> wanted;
    collect(policy_, trigger.when, nullptr, wanted);
    for (const Wanted& each : wanted) {
      const std::vector<Blind> blind = blind_steps(trigger, own, each);
      if (blind.empty()) continue;
      report(trigger, blind, diagnostics);
      return;
    }
  }

 private:
  std::vector<Blind> blind_steps(const TypedTrigger& trigger, const TypedStage* own,
                                 const Wanted& wanted) const {
    std::vector<Blind> blind;
    for (uint32_t index = 0; index < release_.stages.size(); ++index) {
      const TypedStage& stage = release_.stages[index];
      if ((own != nullptr && own != &stage) || trigger.is_replaced_in(index)) continue;
      const size_t from = trigger.action == TriggerAction::promote ? stage.steps.size() - 1 : 0;
      const bool smoke = trigger.action == TriggerAction::step &&
                         stage.kind == StageKind::blue_green;
      const size_t to = smoke ? 1 : stage.steps.size();
      for (size_t step = from; step < to; ++step) {
        if (trigger.after_share.millionths > stage.steps[step].share.millionths) continue;
        if (const auto found = judge(trigger, stage, step, wanted)) blind.push_back(*found);
      }
    }
    return blind;
  }

  std::optional<Blind> judge(const TypedTrigger& trigger, const TypedStage& stage, size_t step,
                             const Wanted& wanted) const {
    const auto share = share_of(stage, step, wanted.aggregate->arm);
    if (!share || *share <= 0) return std::nullopt;  // no such arm: said elsewhere
    const std::optional<TypedFold>& fold = wanted.comparison->fold;
    Blind blind{wanted, &stage, step};
    blind.share = *share;
    blind.part = fold ? deciding_part(policy_, expected_, *fold) : 1;
    blind.samples = expected_.traffic_per_s * blind.part * blind.share *
                    static_cast<double>(wanted.aggregate->window.length_ns) / 1e9;
    if (blind.samples >= wanted.aggregate->samples_min || blind.part <= 0) return std::nullopt;
    for (const TypedUnknowns* rules : {&trigger.unknown, &stage.unknown, &release_.unknown}) {
      const std::optional<TypedUnknown>& rule = (*rules)[insufficient];
      if (!rule) continue;
      blind.holds = rule->action == UnknownAction::hold;
      break;
    }
    const bool waits = trigger.action == TriggerAction::rollback ||
                       trigger.action == TriggerAction::hold;
    blind.holds = blind.holds && waits;
    return blind;
  }

  void report(const TypedTrigger& trigger, const std::vector<Blind>& blind,
              Diagnostics& diagnostics) const {
    const Blind& first = blind.front();
    const uint32_t wanted = first.wanted.aggregate->samples_min;
    const double come = expected_.traffic_per_s * first.part;
    const double window_s =
        static_cast<double>(first.wanted.aggregate->window.length_ns) / 1e9;
    const double share = wanted / (come * window_s);
    Diagnostic& made = diagnostics.report(
        Code::never_enough_samples, trigger.span,
        fmt::format("this {} has {:.0f} samples in {} of the stage `{}`, and wants {}",
                    noun_of(trigger.action), std::floor(first.samples),
                    first.stage->steps.size() > 1 ? fmt::format("step {}", first.step + 1)
                                                  : std::string("the whole"),
                    first.stage->name, wanted));
    made.label(first.wanted.comparison->span,
               fmt::format("{} of {:.4g} requests a second for {}",
                           number_text(first.share, PlanUnit::ratio), come,
                           exact_duration_text(first.wanted.aggregate->window.length_ns)));
    made.label(first.stage->strategy_span,
               blind.size() == 1 ? std::string("here")
                                 : fmt::format("here, and in {} more", blind.size() - 1));
    made.with_note(first.holds ? "without a verdict it holds the release: the step never ends"
                               : "it has no verdict in it, whatever happens");
    const std::string by_share =
        share < 1 && first.wanted.aggregate->arm == Arm::candidate
            ? fmt::format(", or a share of {:.2g}%", std::ceil(share * 1000) / 10)
            : "";
    made.with_help(fmt::format("`over {}` would do{}; or `with at least {:.0f} samples`",
                               time_text(wanted / (come * first.share)), by_share,
                               std::max(std::floor(first.samples * 0.8), 1.0)));
  }

  const TypedPolicy& policy_;
  const TypedRelease& release_;
  const TypedExpected& expected_;
};

}  // namespace

void never_enough_samples(const TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const TypedRelease& release : policy.releases) {
    const std::optional<TypedExpected>& expected = policy.models[release.model].expected;
    if (!expected || expected->traffic_per_s <= 0) continue;
    const Judge judge(policy, release, *expected);
    for_each_trigger(release, [&](const TypedTrigger& trigger, const TypedStage* stage) {
      judge.trigger(trigger, stage, diagnostics);
    });
  }
}

}  // namespace rel::lints
