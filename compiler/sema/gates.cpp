// What people and the world must have said before exposure grows: the checklist of a release and
// the reviews of a stage.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/conditions.h"
#include "compiler/sema/context.h"
#include "compiler/sema/hooks.h"
#include "compiler/sema/way_back.h"

namespace rel::sema {

namespace {

Diagnostic& bad_gate(const Context& context, Span place, std::string what) {
  return context.diagnostics.report(Code::bad_gate, place, std::move(what));
}

TypedGate check_people(const Context& context, const ast::People& people, GateKind kind) {
  TypedGate typed;
  typed.kind = kind;
  typed.span = people.span;
  if (const auto count = read_count(context, people.count, "a number of people")) {
    typed.count = *count;
  }
  if (people.within) {
    if (const auto time = read_time(context, *people.within, "the time after `within`")) {
      typed.within = *time;
    }
  }
  typed.arguments.push_back(people.team.value);
  if (people.team.value.empty()) {
    bad_gate(context, people.team.span, "the team has no name")
        .with_help("name a team of the host's relc.yaml: `1 of team \"risk-leads\"`");
  }
  return typed;
}

TypedGate check_card(const Context& context, const ast::ModelCard& card, Span span) {
  TypedGate typed;
  typed.kind = GateKind::card;
  typed.span = span;
  typed.arguments.push_back(card.path.value);
  if (card.path.value.empty()) bad_gate(context, card.path.span, "the model card has no path");
  for (const ast::String& section : card.sections) {
    typed.arguments.push_back(section.value);
    if (section.value.empty()) bad_gate(context, section.span, "a section has no heading");
  }
  return typed;
}

TypedGate check_rehearsed(const Context& context, const ast::Rehearsed& rehearsed) {
  TypedGate typed;
  typed.kind = GateKind::rehearsal;
  if (const auto time = read_time(context, rehearsed.within, "the time after `within`")) {
    typed.within = *time;
  }
  typed.arguments.push_back("rollback");
  return typed;
}

// The first part of a condition that only traffic can answer.
const TypedExpr* find_traffic(const TypedPolicy& policy, TypedId id) {
  const TypedExpr& expr = policy[id];
  if (expr.op == Op::load || expr.op == Op::sustained) return &expr;
  for (const TypedId operand : {expr.left, expr.right}) {
    if (operand.is_none()) continue;
    if (const TypedExpr* found = find_traffic(policy, operand)) return found;
  }
  return nullptr;
}

// No value: reported.
std::optional<TypedGate> check_evidence(const Context& context, Conditions& conditions,
                                        const ast::Condition& condition) {
  const std::optional<CheckedCondition> checked = conditions.check(*context.root, condition);
  if (!checked) return std::nullopt;
  if (const TypedExpr* traffic = find_traffic(context.policy, checked->root)) {
    bad_gate(context, traffic->span, "a point of the checklist is not about traffic")
        .with_help("compare `evidence(\"eval/holdout.json\").auc` here, and traffic in a stage: "
                   "`promote when ...`");
    return std::nullopt;
  }
  TypedGate typed;
  typed.kind = GateKind::evidence;
  typed.when = checked->root;
  typed.arguments.push_back("evidence");
  return typed;
}

TypedGate check_http(const Context& context, const ast::HttpGet& get) {
  TypedGate typed;
  typed.kind = GateKind::http;
  check_url(context, get.url, "a page");
  typed.arguments.push_back(get.url.value);
  const auto status = read_count(context, get.status, "a status of HTTP");
  if (status && (*status < 100 || *status > 599)) {
    bad_gate(context, get.status.span, "a status of HTTP is 100 to 599")
        .with_help("write what the page answers when all is well: `is 200`");
  }
  typed.arguments.push_back(std::to_string(status.value_or(0)));
  return typed;
}

TypedGate check_rule(const Context& context, const ast::RuleLoaded& rule) {
  TypedGate typed;
  typed.kind = GateKind::rule;
  typed.arguments.push_back(rule.name.value);
  if (rule.name.value.empty()) bad_gate(context, rule.name.span, "the rule has no name");
  if (rule.where) {
    check_url(context, *rule.where, "a Prometheus");
    typed.arguments.push_back(rule.where->value);
  }
  return typed;
}

std::optional<TypedGate> check_point(const Context& context, Conditions& conditions,
                                     const ast::Point& point) {
  if (const auto* people = std::get_if<ast::People>(&point.probe)) {
    return check_people(context, *people, GateKind::approval);
  }
  if (const auto* card = std::get_if<ast::ModelCard>(&point.probe)) {
    return check_card(context, *card, point.span);
  }
  if (const auto* rehearsed = std::get_if<ast::Rehearsed>(&point.probe)) {
    return check_rehearsed(context, *rehearsed);
  }
  if (const auto* get = std::get_if<ast::HttpGet>(&point.probe)) return check_http(context, *get);
  if (const auto* rule = std::get_if<ast::RuleLoaded>(&point.probe)) {
    return check_rule(context, *rule);
  }
  if (const auto* delivered = std::get_if<ast::Delivered>(&point.probe)) {
    return check_delivered(context, *delivered);
  }
  return check_evidence(context, conditions, std::get<ast::Condition>(point.probe));
}

}  // namespace

void check_require(const Context& context, Conditions& conditions, const ast::Release& release,
                   TypedRelease& typed) {
  if (!release.require) return;
  if (release.require->points.empty() && !release.require->incomplete) {
    bad_gate(context, release.require->span, "the checklist has no point")
        .with_help("add one: `approved: 1 of team \"risk-leads\"`, or leave `require` out");
  }
  const ast::Name* named = nullptr;  // the point that probes without a name belong to
  for (const ast::Point& point : release.require->points) {
    const bool goes_on = point.name.text.empty();
    if (!goes_on) named = &point.name;
    if (named == nullptr) {
      bad_gate(context, point.span, "the point has no name")
          .with_help("write `NAME: ...`; only what comes after it may leave its name out");
      continue;
    }
    const auto first = std::find_if(
        release.require->points.begin(), release.require->points.end(),
        [&](const ast::Point& other) { return other.name.text == point.name.text; });
    if (!goes_on && &*first != &point) {
      context.diagnostics
          .report(Code::duplicate_name, point.name.span,
                  fmt::format("the point `{}` stands twice in the checklist", point.name.text))
          .label(first->name.span, "first said here");
      continue;
    }
    std::optional<TypedGate> gate = check_point(context, conditions, point);
    if (!gate) continue;
    gate->name = named->text;
    gate->span = point.span;
    typed.checklist.push_back(std::move(*gate));
  }
}

void check_reviews(const Context& context, const ast::Stage& stage, TypedStage& typed) {
  for (const ast::People& review : stage.reviews) {
    TypedGate gate = check_people(context, review, GateKind::review);
    gate.name = stage.name.text;
    typed.reviews.push_back(std::move(gate));
  }
}

}  // namespace rel::sema
