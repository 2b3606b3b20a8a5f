// Why: each point of the release checklist is there because releases went out without it.
// Avoid: a `require` block with an approval and nothing that was measured.
// Prefer: all of them, or an allow that says why one does not apply.
#include <array>

#include <fmt/format.h>

#include "compiler/lints/lint.h"

namespace rel::lints {

namespace {

using namespace sema;

enum class Point : uint8_t { holdout, fairness, load, review, rehearsal, card };

struct PointRow {
  Point point;
  std::string_view name;
  std::string_view example;
};

constexpr std::array<PointRow, 6> points = {{
    {Point::holdout, "a holdout evaluation",
     "holdout: evidence(\"eval/holdout.json\").auc >= 0.92"},
    {Point::fairness, "fairness over segments",
     "fairness: spread(evidence(\"eval/fairness.json\").recall by age_band) <= 3pp"},
    {Point::load, "latency under load", "load: evidence(\"eval/load.json\").p99 in ms <= 80ms"},
    {Point::review, "a review of the shadow or canary",
     "stage canary: steps 10% for 1h { reviewed by 1 of team \"...\" }"},
    {Point::rehearsal, "a rehearsed way back", "drill: rollback rehearsed within 30d"},
    {Point::card, "a model card",
     "card: sections [\"Metrics\"] of \"MODEL_CARD.md\" name the candidate"},
}};

constexpr uint32_t bit(Point point) { return uint32_t{1} << static_cast<uint32_t>(point); }

// The points that the numbers of evidence files below a condition speak of.
uint32_t of_evidence(const TypedPolicy& policy, TypedId id) {
  if (id.is_none()) return 0;
  const TypedExpr& expr = policy[id];
  uint32_t found = of_evidence(policy, expr.left) | of_evidence(policy, expr.right);
  if (!expr.evidence) return found;
  if (policy.evidence[*expr.evidence].segment) return found | bit(Point::fairness);
  return found | bit(expr.unit.time != 0 ? Point::load : Point::holdout);
}

uint32_t of_gate(const TypedPolicy& policy, const TypedGate& gate) {
  switch (gate.kind) {
    case GateKind::approval: return 0;
    case GateKind::review: return bit(Point::review);
    case GateKind::card: return bit(Point::card);
    case GateKind::rehearsal: return bit(Point::rehearsal);
    case GateKind::evidence: return of_evidence(policy, gate.when);
    case GateKind::hook:
    case GateKind::told:
    case GateKind::http:
    case GateKind::rule: return 0;
  }
  return 0;
}

bool reaches_everybody(const TypedRelease& release) {
  if (release.stages.empty()) return false;
  const TypedStage& last = release.stages.back();
  constexpr uint32_t everybody = 1'000'000;
  return !last.steps.empty() && last.steps.back().share.millionths == everybody;
}

}  // namespace

void checklist_gap(const TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const TypedRelease& release : policy.releases) {
    if (release.checklist.empty() || !reaches_everybody(release)) continue;
    uint32_t found = 0;
    for (const TypedGate& gate : release.checklist) found |= of_gate(policy, gate);
    for (const TypedStage& stage : release.stages) {
      for (const TypedGate& review : stage.reviews) found |= of_gate(policy, review);
    }
    std::string missing;
    std::string_view example;
    for (const PointRow& row : points) {
      if (found & bit(row.point)) continue;
      missing += fmt::format("{}{}", missing.empty() ? "" : ", ", row.name);
      if (example.empty()) example = row.example;
    }
    if (missing.empty()) continue;
    diagnostics
        .report(Code::checklist_gap, release.name_span,
                fmt::format("the checklist of `{}` leaves out {}", release.name, missing))
        .with_help(fmt::format("such as `{}`", example))
        .with_note("what does not apply is allowed by a comment that says why: "
                   "`// relc: allow(checklist-gap) REASON`");
  }
}

}  // namespace rel::lints
