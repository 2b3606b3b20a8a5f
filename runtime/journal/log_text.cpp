#include "runtime/journal/log_text.h"

#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "runtime/base/time_text.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/quantity_text.h"

namespace rel {

// What programs printed may be any bytes; JSON is UTF-8.
std::string logged_json(const Plan& plan, const JournalEntry& entry) {
  using Json = nlohmann::ordered_json;
  std::string line = decision_json(plan, entry.decision);
  if (entry.because.empty() && entry.actor.empty()) return line;
  Json json = Json::parse(line);
  if (!entry.because.empty()) json["because"] = entry.because;
  if (!entry.actor.empty()) json["actor"] = entry.actor;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string logged_line(const Plan& plan, const JournalEntry& entry) {
  const Decision& decision = entry.decision;
  if (entry.because.empty()) return decision_line(plan, decision);
  const std::string_view stage =
      decision.stage.is_none() ? "-" : plan.text(plan.stages[decision.stage.value].name);
  const std::string share = quantity_text(decision.share_millionths / 1e6, PlanUnit::ratio);
  std::string line =
      fmt::format("{}  {:<18}  {:<10}  {:>5}  {}", rfc3339_text(decision.time_ns),
                  decision_kind_name(decision.kind), stage, share, entry.because);
  if (!entry.actor.empty()) line += fmt::format("  [by {}]", entry.actor);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace rel
