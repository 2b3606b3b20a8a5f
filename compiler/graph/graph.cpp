// What a picture shows of a plan.
#include "compiler/graph/graph.h"

#include "runtime/plan/text.h"

namespace rel {
namespace {

std::string otherwise_text(const Plan& plan, const Stage& stage) {
  const std::string when = "after " + exact_duration_text(stage.at_most_ns);
  switch (stage.otherwise) {
    case Otherwise::none:
      return {};
    case Otherwise::hold:
      return when + ": hold";
    case Otherwise::rollback:
      return when + ": roll back";
    case Otherwise::withdraw: {
      const std::string_view reason = plan.text(stage.otherwise_reason);
      return when + ": withdraw" + (reason.empty() ? "" : ", " + std::string(reason));
    }
  }
  return {};
}

}  // namespace

Graph graph_of(const Plan& plan) {
  Graph made;
  made.release = plan.release;
  made.model = plan.model;
  made.baseline = plan.text(plan.baseline.text);
  for (const Stage& stage : plan.stages) {
    GraphStage& shown = made.stages.emplace_back();
    shown.name = plan.text(stage.name);
    shown.lines.emplace_back(plan.text(stage.text));
    if (stage.soak_ns > 0) shown.lines.push_back("soak " + exact_duration_text(stage.soak_ns));
    if (stage.at_least_ns > 0)
      shown.lines.push_back("at least " + exact_duration_text(stage.at_least_ns));
    shown.otherwise = otherwise_text(plan, stage);
  }
  for (const Trigger& trigger : plan.triggers) {
    const std::string name(plan.text(trigger.name));
    const std::string text(plan.text(trigger.text));
    const bool everywhere = trigger.stage.is_none();
    if (trigger.action == TriggerAction::promote || trigger.action == TriggerAction::step) {
      if (!everywhere) made.stages[trigger.stage.value].onward.push_back(text);
      continue;
    }
    made.triggers.push_back(GraphTrigger{name, text});
    if (trigger.action == TriggerAction::rollback)
      (everywhere ? made.back : made.stages[trigger.stage.value].back).push_back(name);
  }
  return made;
}

std::vector<std::string> wrap(const std::string& text, size_t width) {
  std::vector<std::string> made;
  std::string line;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      made.push_back(line);
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    at = end + 1;
  }
  if (!line.empty()) made.push_back(line);
  return made;
}

}  // namespace rel
