#include "runtime/host/metrics_text.h"

#include <array>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/base/verdict.h"
#include "runtime/host/host.h"
#include "runtime/host/status_json.h"
#include "runtime/plan/text.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/quantity_text.h"

namespace rel {
namespace {

// A label's value: backslash, quote and newline are escaped, nothing else.
std::string label(std::string_view name, std::string_view value) {
  std::string out = fmt::format("{}=\"", name);
  for (const char c : value) {
    if (c == '\n') out += "\\n";
    else if (c == '"' || c == '\\') out += {'\\', c};
    else out += c;
  }
  return out + "\"";
}

class Exposition {
 public:
  explicit Exposition(const Plan& plan) : release_(label("release", plan.release)) {}

  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void sample(double value, const std::string& labels = "") {
    text_ += fmt::format("{}{{{}{}{}}} {}\n", name_, release_, labels.empty() ? "" : ",", labels,
                         json_number(value));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string release_;
  std::string_view name_;
  std::string text_;
};

void add_route(Host& host, Exposition& out) {
  const EngineState state = host.state();
  out.family("release_weight_ratio", "gauge", "Share of traffic given to the candidate.");
  out.sample(host.runtime().published_route().share_millionths / 1e6);
  out.family("release_phase", "gauge", "1 for the phase the release is in.");
  for (int phase = 0; phase <= static_cast<int>(Phase::withdrawn); phase++) {
    const auto each = static_cast<Phase>(phase);
    out.sample(state.phase == each ? 1 : 0, label("phase", phase_name(each)));
  }
  out.family("release_held", "gauge", "1 while something holds the stage's clock.");
  out.sample(state.holding != 0 ? 1 : 0);
  const Runtime::Counters counters = host.runtime().counters();
  out.family("release_requests_total", "counter", "Requests counted by the gateway, by arm.");
  out.sample(static_cast<double>(counters.requests_candidate), label("arm", "candidate"));
  out.sample(static_cast<double>(counters.requests_baseline), label("arm", "baseline"));
  const Plan& plan = host.plan();
  if (plan.segments.empty()) return;
  out.family("release_other_requests_total", "counter",
             "Requests that carry none of a segment's values, by segment.");
  for (size_t s = 0; s < plan.segments.size(); ++s) {
    out.sample(static_cast<double>(counters.requests_other[s]),
               label("segment", plan.text(plan.segments[s].name)));
  }
}

void add_triggers(Host& host, Exposition& out) {
  const Plan& plan = host.plan();
  const EngineState state = host.state();
  out.family("release_trigger_true", "gauge", "1 while a trigger that acts now is true.");
  for (size_t i = 0; i < plan.triggers.size(); i++) {
    const Trigger& trigger = plan.triggers[i];
    if (!trigger.stage.is_none() && trigger.stage != state.stage) continue;
    const bool is_true = static_cast<Verdict>(state.triggers[i].verdict) == Verdict::is_true;
    out.sample(is_true ? 1 : 0, label("trigger", plan.text(trigger.name)) + "," +
                                    label("action", action_name(trigger.action)));
  }
}

// What is not known is left out: an old number would look like a new one.
void add_aggregates(Host& host, Exposition& out) {
  out.family("release_aggregate", "gauge", "What conditions read, in base units.");
  const auto rows = nlohmann::json::parse(aggregates_json(host.runtime()));
  for (const auto& row : rows) {
    if (row.at("value").is_null()) continue;
    const std::string cell = row.at("cell").is_null() ? "" : row.at("cell").get<std::string>();
    out.sample(row.at("value").get<double>(),
               label("expr", row.at("expr").get<std::string>()) + "," +
                   label("arm", row.at("arm").get<std::string>()) + "," + label("cell", cell));
  }
}

void add_way_back(Host& host, Exposition& out) {
  constexpr std::array<std::string_view, 5> words = {"started", "done", "failed", "waiting",
                                                     "skipped"};
  std::array<int, words.size()> counts = {};
  for (const ActionRecord& record : host.actions()) {
    if (record.round == ActionRound::first) counts[static_cast<size_t>(record.status)]++;
  }
  out.family("release_way_back_steps", "gauge", "Steps of the way back, by what became of them.");
  for (size_t i = 0; i < words.size(); i++) out.sample(counts[i], label("status", words[i]));
  out.family("release_journal_up", "gauge", "0 while the journal cannot be written.");
  out.sample(host.journal_error().empty() ? 1 : 0);
  if (!host.last_rehearsal()) return;
  out.family("release_rehearsal_timestamp_seconds", "gauge", "When the way back was last probed.");
  out.sample(static_cast<double>(host.last_rehearsal()->time_ns) / 1e9);
  out.family("release_rehearsal_passed", "gauge", "1 when every probe of it passed.");
  out.sample(host.last_rehearsal()->passed ? 1 : 0);
}

}  // namespace

std::string metrics_text(Host& host) {
  Exposition out(host.plan());
  add_route(host, out);
  add_triggers(host, out);
  add_aggregates(host, out);
  add_way_back(host, out);
  return out.take();
}

}  // namespace rel
