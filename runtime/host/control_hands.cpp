#include "runtime/host/control_hands.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/base/limits.h"
#include "runtime/base/time_text.h"
#include "runtime/host/control_answer.h"
#include "runtime/host/host.h"

namespace rel {
namespace {

using Json = nlohmann::ordered_json;

struct VerbRow {
  std::string_view verb;
  HandKind kind;  // none: the host carries it out itself
};

constexpr VerbRow verbs[] = {
    {"pause", HandKind::pause},       {"resume", HandKind::resume},
    {"promote", HandKind::promote},   {"override", HandKind::overrule},
    {"rollback", HandKind::rollback}, {"withdraw", HandKind::withdraw},
    {"abort", HandKind::abort},       {"unquarantine", HandKind::none},
    {"approve", HandKind::none},      {"review", HandKind::none},
    {"rehearse", HandKind::none},     {"acknowledge", HandKind::none},
};

const VerbRow* row_of(std::string_view verb) {
  const auto found = std::find_if(std::begin(verbs), std::end(verbs),
                                  [&](const VerbRow& row) { return row.verb == verb; });
  return found == std::end(verbs) ? nullptr : found;
}

std::string text_of(const Json& request, const char* key) {
  return request.contains(key) && request[key].is_string() ? request[key].get<std::string>() : "";
}

std::string_view outcome_name(HandOutcome outcome) {
  switch (outcome) {
    case HandOutcome::accepted: return "accepted";
    case HandOutcome::done: return "done";
    case HandOutcome::refused: return "refused";
  }
  return "damaged";
}

Json order_json(const HandRecord& order) {
  return {{"sequence", order.command.sequence},
          {"time", rfc3339_text(order.time_ns)},
          {"verb", order.verb},
          {"argument", order.argument},
          {"actor", order.actor},
          {"why", order.why},
          {"outcome", outcome_name(order.outcome)},
          {"detail", order.detail}};
}

// -- what an order must say

Status check_words(const HandRecord& order) {
  if (order.key.empty() || order.key.size() > limits::hand_key_bytes_max) {
    return Error{fmt::format("`key` names the order, so that asking twice is ordering once: 1 to "
                             "{} bytes",
                             limits::hand_key_bytes_max)};
  }
  if (order.why.empty()) return Error{"say why: --why \"...\""};
  if (order.why.size() > limits::hand_why_bytes_max) {
    return Error{fmt::format("`why` is longer than {} bytes", limits::hand_why_bytes_max)};
  }
  return ok();
}

Result<StageId> stage_named(const Plan& plan, const std::string& name) {
  if (name.empty()) return StageId{};
  std::string known;
  for (uint32_t i = 0; i < plan.stages.size(); i++) {
    const std::string_view stage = plan.text(plan.stages[i].name);
    if (stage == name) return StageId{i};
    known += fmt::format("{}{}", known.empty() ? "" : ", ", stage);
  }
  return Error{fmt::format("the release has no stage `{}`; it has {}", name, known)};
}

// By its name, or by its statement.
Result<TriggerId> trigger_named(const Plan& plan, const std::string& name) {
  std::string known;
  for (uint32_t i = 0; i < plan.triggers.size(); i++) {
    const Trigger& trigger = plan.triggers[i];
    if (plan.text(trigger.name) == name || plan.text(trigger.text) == name) return TriggerId{i};
    const bool gate =
        trigger.action == TriggerAction::promote || trigger.action == TriggerAction::step;
    if (!gate) known += fmt::format("{}{}", known.empty() ? "" : ", ", plan.text(trigger.name));
  }
  return Error{fmt::format("the release has no trigger `{}`; it has {}", name, known)};
}

Status read_override(const Plan& plan, const Json& request, HandRecord& order) {
  Result<TriggerId> trigger = trigger_named(plan, text_of(request, "trigger"));
  if (!trigger) return trigger.error();
  const std::string until = text_of(request, "until");
  const std::optional<int64_t> end_ns = parse_rfc3339(until);
  if (!end_ns) {
    return Error{fmt::format("`{}` is not a time; write until 2026-03-01T12:00:00Z", until)};
  }
  order.command.trigger = *trigger;
  order.command.until_ns = *end_ns;
  order.argument =
      fmt::format("{} until {}", plan.text(plan.triggers[trigger->value].name), until);
  return ok();
}

Status read_arguments(const Plan& plan, const Json& request, HandRecord& order) {
  switch (order.command.kind) {
    case HandKind::promote: {
      order.argument = text_of(request, "stage");
      Result<StageId> stage = stage_named(plan, order.argument);
      if (!stage) return stage.error();
      order.command.stage = *stage;
      return ok();
    }
    case HandKind::overrule: return read_override(plan, request, order);
    case HandKind::none:
    case HandKind::pause:
    case HandKind::resume:
    case HandKind::rollback:
    case HandKind::withdraw:
    case HandKind::abort: return ok();
  }
  return ok();
}

// What the host carries out itself; but for the first two in one transaction with its decision.
Status carry_out(Host& host, const Json& request, const Peer& peer, HandRecord& order,
                 HostTime now) {
  const int64_t now_ns = now.now_ns;
  if (order.verb == "acknowledge") return host.acknowledge(peer.name, order.why, now);
  if (order.verb == "unquarantine") return host.unquarantine(order, now_ns);
  if (host.release().id == 0) {
    return Error{fmt::format("the release does not start: {}", host.blocked())};
  }
  if (order.verb == "rehearse") {
    host.rehearse(peer.name, now);
    return ok();
  }
  order.detail = fmt::format("{}", fmt::join(teams_of(host.control_rules(), peer), ","));
  if (order.verb == "approve") {
    Result<std::string> points = host.checklist().approvable(peer, text_of(request, "point"));
    if (!points) return points.error();
    order.argument = *points;
    return host.answer_gate(order, DecisionKind::approved, now_ns);
  }
  const EngineState state = host.state();
  if (state.phase != Phase::running) return Error{"the release does not run"};
  if (Status s = host.checklist().reviewable(peer, state.stage); !s) return s;
  order.argument = host.plan().text(host.plan().stages[state.stage.value].name);
  return host.answer_gate(order, DecisionKind::reviewed, now_ns);
}

Status read_order(Host& host, const Json& request, const Peer& peer, HandRecord& order) {
  if (Status s = may_use(host.control_rules(), peer, order.verb); !s) return s;
  if (Status s = check_words(order); !s) return s;
  if (Status s = read_arguments(host.plan(), request, order); !s) return s;
  order.command.epoch = host.state().epoch;
  if (request.contains("epoch")) {
    if (!request["epoch"].is_number_unsigned()) return Error{"`epoch` is a number"};
    order.command.epoch = request["epoch"].get<uint64_t>();
  }
  if (order.command.kind == HandKind::none || host.blocked().empty()) return ok();
  return Error{fmt::format("the release does not start: {}", host.blocked())};
}

// A refusal that cannot be written down is a refusal all the same. The key of a refused order is
// free to be used again.
std::string refuse_order(Host& host, HandRecord order, std::string why, int64_t now_ns) {
  order.outcome = HandOutcome::refused;
  order.detail = why;
  order.key = fmt::format("refused-{}-{}", now_ns, order.key.substr(0, 16));
  order.why = order.why.substr(0, limits::hand_why_bytes_max);
  (void)host.hands().submit(std::move(order));
  return refusal_line(why);
}

}  // namespace

bool is_hand_verb(std::string_view verb) { return row_of(verb) != nullptr; }

std::string answer_hand(Host& host, const Json& request, const Peer& peer, HostTime now) {
  const int64_t now_ns = now.now_ns;
  const std::string verb = text_of(request, "verb");
  HandRecord order{.key = text_of(request, "key"), .verb = verb, .actor = peer.name,
                   .why = text_of(request, "why"), .time_ns = now_ns};
  order.command.kind = row_of(verb)->kind;
  if (Status read = read_order(host, request, peer, order); !read) {
    return refuse_order(host, std::move(order), read.error().message, now_ns);
  }
  auto known = host.hands().with_key(order.key);
  const bool again = known && known->has_value();
  if (order.command.kind == HandKind::none && !again) {
    if (Status done = carry_out(host, request, peer, order, now); !done) {
      return refuse_order(host, std::move(order), done.error().message, now_ns);
    }
    order.outcome = HandOutcome::done;
    if (order.command.sequence != 0) {
      return answer_line({{"ok", true}, {"order", order_json(order)}});
    }
  }
  Result<HandRecord> taken =
      again ? Result<HandRecord>(std::move(**known)) : host.hands().submit(std::move(order));
  if (!taken) return refusal_line(taken.error().message);
  if (taken->verb != verb) return refusal_line("the key belongs to another order");
  return answer_line({{"ok", true}, {"order", order_json(*taken)}});
}

std::string answer_order(Host& host, const Json& request) {
  if (!request.contains("sequence") || !request["sequence"].is_number_unsigned()) {
    return refusal_line("`sequence` is the number of an order");
  }
  auto found = host.hands().look_up(request["sequence"].get<uint64_t>());
  if (!found) return refusal_line(found.error().message);
  if (!found->has_value()) return refusal_line("there is no such order");
  return answer_line({{"ok", true}, {"order", order_json(**found)}});
}

std::string answer_audit(Host& host, const Json& request) {
  uint64_t since = 0;
  if (request.contains("since")) {
    if (!request["since"].is_number_unsigned()) return refusal_line("`since` is a number");
    since = request["since"].get<uint64_t>();
  }
  auto orders = host.journal().hands().after(since, limits::history_rows_max);
  if (!orders) return refusal_line(orders.error().message);
  Json rows = Json::array();
  for (const HandRecord& order : *orders) rows.push_back(order_json(order));
  const bool more = orders->size() == limits::history_rows_max;
  return answer_line({{"ok", true}, {"orders", std::move(rows)}, {"more", more}});
}

}  // namespace rel
