#include "runtime/host/status_json.h"

#include <cmath>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "runtime/base/time_text.h"
#include "runtime/base/verdict.h"
#include "runtime/host/host.h"
#include "runtime/plan/print_routing.h"
#include "runtime/host/trigger_numbers.h"
#include "runtime/host/uncovered.h"
#include "runtime/plan/text.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/gates.h"
#include "runtime/stage/permission.h"
#include "runtime/stage/quantity_text.h"
#include "runtime/stage/stage_end.h"

namespace rel {
namespace {

using Json = nlohmann::ordered_json;

// What programs printed may be any bytes; JSON is UTF-8.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }
double share(uint32_t millionths) { return millionths / 1e6; }

Json text_or_null(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(std::string(text));
}

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::is_false: return "false";
    case Verdict::is_true: return "true";
    case Verdict::insufficient:
    case Verdict::no_data:
    case Verdict::source_error: return cause_name(cause_of(verdict));
  }
  return "damaged";
}

struct Frame {
  std::vector<double> values;
  std::vector<uint8_t> causes;
  std::vector<uint64_t> samples;
};

Frame read_frame(const Runtime& runtime) {
  const size_t size = runtime.plan().frame_size;
  Frame frame{std::vector<double>(size), std::vector<uint8_t>(size), std::vector<uint64_t>(size)};
  runtime.copy_frame(frame.values, frame.causes, frame.samples);
  return frame;
}

Json aggregates(const Runtime& runtime) {
  const Plan& plan = runtime.plan();
  const Frame frame = read_frame(runtime);
  Json rows = Json::array();
  for (const Aggregate& aggregate : plan.aggregates) {
    for (uint32_t c = 0; c < aggregate.cell_count; c++) {
      const uint32_t at = aggregate.frame_first + c;
      const Cause cause = worst_cause(frame.causes[at]);
      const bool known = cause == cause_none && std::isfinite(frame.values[at]);
      rows.push_back({{"expr", plan.text(aggregate.text)},
                      {"arm", aggregate.arm == Arm::candidate ? "candidate" : "baseline"},
                      {"cell", text_or_null(cell_text(plan, aggregate.cell_first + c))},
                      {"value", known ? Json(frame.values[at]) : Json(nullptr)},
                      {"unit", unit_name(aggregate.unit)},
                      {"samples", frame.samples[at]},
                      {"unknown", known ? Json(nullptr) : text_or_null(cause_name(cause))}});
    }
  }
  return rows;
}

Json numbers(const Plan& plan, const Trigger& trigger, const Frame& frame) {
  Json rows = Json::array();
  const FrameNumbers view{frame.values, frame.causes, frame.samples};
  for (const TriggerNumber& number : trigger_numbers(plan, trigger, view)) {
    rows.push_back({{"expr", number.text},
                    {"known", number.known},
                    {"value", number.value},
                    {"limit", number.limit},
                    {"unit", unit_name(number.unit)},
                    {"near", number.near},
                    {"samples", number.samples}});
  }
  return rows;
}

// The parts of the population that have too little data for this trigger to look at.
Json uncovered(const Plan& plan, const Trigger& trigger, const Frame& frame) {
  Json rows = Json::array();
  const FrameView view{frame.values.data(), frame.causes.data(), nullptr};
  for (const uint32_t cell : uncovered_cells(plan, trigger, view)) {
    rows.push_back(cell_text(plan, cell));
  }
  return rows;
}

Json segments(const Plan& plan, const Runtime::Counters& counted) {
  Json rows = Json::array();
  for (size_t s = 0; s < plan.segments.size(); s++) {
    rows.push_back({{"name", plan.text(plan.segments[s].name)},
                    {"other", counted.requests_other[s]},
                    {"of", counted.observed}});
  }
  return rows;
}

Json stages(const Plan& plan) {
  Json rows = Json::array();
  for (const Stage& stage : plan.stages) {
    rows.push_back({{"name", plan.text(stage.name)}, {"text", plan.text(stage.text)}});
  }
  return rows;
}

Json triggers(const Plan& plan, const EngineState& state, const Frame& frame) {
  Json rows = Json::array();
  for (size_t i = 0; i < plan.triggers.size(); i++) {
    const Trigger& trigger = plan.triggers[i];
    if (!stage::belongs_to(trigger, state.stage)) continue;
    const TriggerState& seen = state.triggers[i];
    const bool condition = seen.since_ns != 0;
    const Sustain* sustain =
        trigger.sustain.is_none() ? nullptr : &plan.sustains[trigger.sustain.value];
    const bool held = sustain != nullptr && sustain->kind == SustainKind::held;
    const int64_t for_ns = held ? sustain->duration_ns : 0;
    rows.push_back({{"name", plan.text(trigger.name)},
                    {"action", action_name(trigger.action)},
                    {"rule", plan.text(trigger.text)},
                    {"verdict", verdict_name(static_cast<Verdict>(seen.verdict))},
                    {"condition", condition},
                    {"pending_s", condition ? seconds(state.last_tick_ns - seen.since_ns) : 0.0},
                    {"for_s", seconds(for_ns)},
                    {"numbers", numbers(plan, trigger, frame)},
                    {"uncovered", uncovered(plan, trigger, frame)}});
  }
  return rows;
}

Json counters(const Runtime::Counters& c) {
  return {{"observed", c.observed},
          {"late", c.late},
          {"future", c.future},
          {"rejected_values", c.rejected_values},
          {"decisions_suppressed", c.decisions_suppressed},
          {"ticks", c.ticks},
          {"requests_candidate", c.requests_candidate},
          {"requests_baseline", c.requests_baseline},
          {"requests_forced", c.requests_forced},
          {"requests_outside", c.requests_outside}};
}

Json actions(const Plan& plan, const std::vector<ActionRecord>& records) {
  Json rows = Json::array();
  for (const ActionRecord& record : records) {
    constexpr std::string_view words[] = {"started", "done", "failed", "waiting", "skipped"};
    constexpr std::string_view rounds[] = {"first", "again", "over"};
    rows.push_back({{"action", plan.text(plan.actions[record.action.value].text)},
                    {"round", rounds[static_cast<size_t>(record.round)]},
                    {"status", words[static_cast<size_t>(record.status)]},
                    {"attempts", record.attempts},
                    {"next_try", record.status == ActionStatus::waiting
                                     ? Json(rfc3339_text(record.due_ns))
                                     : Json(nullptr)},
                    {"detail", record.detail}});
  }
  return rows;
}

Json rehearsal(Host& host) {
  const auto& last = host.last_rehearsal();
  if (!last) return {{"running", host.is_rehearsing()}, {"time", nullptr}};
  return {{"running", host.is_rehearsing()},
          {"time", rfc3339_text(last->time_ns)},
          {"passed", last->passed},
          {"who", text_or_null(last->who)},
          {"detail", last->detail}};
}

Json proxies(Host& host) {
  Json rows = Json::array();
  for (const RouteFollower::Proxy& proxy : host.proxies()) {
    const Plan& plan = host.plan();
    rows.push_back({{"route", plan.text(plan.actions[proxy.action.value].text)},
                    {"share", proxy.share ? Json(share(*proxy.share)) : Json(nullptr)},
                    {"error", text_or_null(proxy.error)}});
  }
  return rows;
}

// What must be met before exposure grows: what was asked, what answered, what is missing.
Json checklist(const Plan& plan, const EngineState& state, const Checklist& read) {
  constexpr std::string_view kinds[] = {"approval", "review", "card", "rehearsal", "evidence",
                                        "hook",     "told",   "http", "rule"};
  const Raise awaited{.kind = state.awaited, .stage = state.awaited_stage};
  const uint64_t needed = stage::gates_needed(plan, state, awaited);
  Json rows = Json::array();
  for (size_t i = 0; i < plan.gates.size(); i++) {
    const Gate& gate = plan.gates[i];
    const GateReading& reading = read.readings()[i];
    const bool stands = gate.at == GateAt::every_raise ||
                        (gate.at == GateAt::leaving && gate.stage == state.stage);
    rows.push_back({{"point", plan.text(gate.name)},
                    {"kind", kinds[static_cast<size_t>(gate.kind)]},
                    {"due", stands || (needed >> i & 1) != 0},
                    {"stage", gate.stage.is_none()
                                  ? Json(nullptr)
                                  : text_or_null(plan.text(plan.stages[gate.stage.value].name))},
                    {"rule", plan.text(gate.text)},
                    {"passed", reading.passed},
                    {"asked", reading.asked},
                    {"answered", reading.answered},
                    {"time", rfc3339_text(reading.time_ns)},
                    {"missing", text_or_null(reading.missing)}});
  }
  return rows;
}

// Triggers that a person has overridden, and until when.
Json overridden(const Plan& plan, const EngineState& state) {
  Json rows = Json::array();
  for (size_t i = 0; i < plan.triggers.size(); i++) {
    if (state.overruled_until_ns[i] <= state.last_tick_ns) continue;
    rows.push_back({{"name", plan.text(plan.triggers[i].name)},
                    {"until", rfc3339_text(state.overruled_until_ns[i])}});
  }
  return rows;
}

Json held_because(const Plan& plan, const EngineState& state) {
  if (!state.holding) return nullptr;
  if (state.held_by.is_none()) return "the stage has been longer than its `at most`";
  const Trigger& trigger = plan.triggers[state.held_by.value];
  const Verdict verdict = static_cast<Verdict>(state.triggers[state.held_by.value].verdict);
  return fmt::format("`{}` is {}", plan.text(trigger.text), verdict_name(verdict));
}

// Null: the release goes alone. It waits when it is due and has not been let go on.
Json set_of(const Plan& plan, const EngineState& state) {
  if (plan.set.is_none()) return nullptr;
  Json members = Json::array();
  for (const StringId member : plan.set_members) members.push_back(plan.text(member));
  const bool waits = state.set_ready != 0 && state.pending.kind == RaiseKind::none;
  return {{"name", plan.text(plan.set)}, {"with", members}, {"waits", waits}};
}

void add_stage(Json& json, const Plan& plan, const EngineState& state) {
  const bool placed = state.stage.value < plan.stages.size();
  const Stage* stage = placed ? &plan.stages[state.stage.value] : nullptr;
  const Step* step = placed ? &plan.steps[stage->steps.at(state.step).value] : nullptr;
  json["stage"] = placed ? text_or_null(plan.text(stage->name)) : Json(nullptr);
  json["step"] = placed ? Json(state.step + 1) : Json(nullptr);
  json["steps"] = placed ? Json(stage->steps.count) : Json(nullptr);
  json["stage_clock_s"] = seconds(state.stage_clock_ns);
  json["step_clock_s"] = seconds(state.step_clock_ns);
  json["step_duration_s"] = placed ? Json(seconds(step->duration_ns)) : Json(nullptr);
  const WaveStage* waves = placed ? waves_of(plan, state.stage) : nullptr;
  if (waves != nullptr && state.step < waves->reaches.count) {
    json["wave"] =
        wave_text(plan, *waves, plan.wave_reaches[waves->reaches.at(state.step).value]);
  }
  json["soak_s"] = placed ? Json(seconds(stage->soak_ns)) : Json(nullptr);
}

// What the calendar, a watch and a warm baseline have to say about where the release stands.
void add_waits(Json& json, const Plan& plan, const EngineState& state) {
  const auto time = [](int64_t ns) {
    return ns == INT64_MAX ? Json(nullptr) : Json(rfc3339_text(ns));
  };
  const Raise next = stage::next_raise(plan, state);
  const bool permitted = stage::is_permitted(plan, state, next, state.last_tick_ns);
  const bool placed = state.stage.value < plan.stages.size();
  const Stage* row = placed ? &plan.stages[state.stage.value] : nullptr;
  json["observe_only"] = plan.observe_only != 0;
  json["increase_allowed"] = permitted;
  json["calendar_changes"] = time(stage::next_calendar_ns(plan, state, state.last_tick_ns));
  json["watching"] = state.watching != 0;
  json["watch_s"] = placed ? Json(seconds(row->watch_ns)) : Json(nullptr);
  json["step_samples"] = state.step_samples;
  json["step_samples_min"] = placed ? Json(row->step_samples_min) : Json(nullptr);
  json["baseline_warm_until"] =
      placed ? time(stage::baseline_release_ns(plan, state)) : Json(nullptr);
}

}  // namespace

std::string aggregates_json(const Runtime& runtime) { return dump(aggregates(runtime)); }

std::string status_json(Host& host) {
  const Plan& plan = host.plan();
  const EngineState state = host.state();
  const Route route = host.runtime().published_route();
  Json json;
  json["release"] = plan.release;
  json["model"] = plan.model;
  json["phase"] = phase_name(state.phase);
  json["share"] = share(route.share_millionths);
  json["mirror"] = share(route.mirror_millionths);
  json["epoch"] = state.epoch;
  add_stage(json, plan, state);
  add_waits(json, plan, state);
  json["set"] = set_of(plan, state);
  json["held"] = state.holding != 0;
  json["held_because"] = held_because(plan, state);
  json["paused"] = state.paused != 0;
  json["overridden"] = overridden(plan, state);
  json["checklist"] = checklist(plan, state, host.checklist());
  json["blocked"] = text_or_null(host.blocked());
  json["settled"] = host.settled();
  json["time"] = rfc3339_text(state.last_tick_ns);
  json["plan"] = fmt::format("{:016x}", plan_hash(plan));
  json["journal"] = {{"ok", host.journal_error().empty()},
                     {"error", text_or_null(host.journal_error())},
                     {"recovery", text_or_null(host.recovery_note())}};
  json["counters"] = counters(host.runtime().counters());
  json["segments"] = segments(plan, host.runtime().counters());
  json["reports"] = host.report_folder();
  json["actions"] = actions(plan, host.actions());
  json["proxies"] = proxies(host);
  json["rehearsal"] = rehearsal(host);
  json["stages"] = stages(plan);
  json["triggers"] = triggers(plan, state, read_frame(host.runtime()));
  json["aggregates"] = aggregates(host.runtime());
  return dump(json);
}

}  // namespace rel
