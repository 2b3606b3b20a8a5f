#include "runtime/plan/safe_edit.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "runtime/plan/text.h"
#include "runtime/plan/tightening.h"

namespace rel {
namespace {

// Takes every safe change out of a copy of the edited plan; what is left must be what runs.
class Judge {
 public:
  Judge(const Plan& running, const Plan& edited)
      : running_(running), edited_(edited), rest_(edited) {}

  EditJudgement run() {
    if (running_.owner != edited_.owner) {
      made_.safe.push_back(fmt::format("owner: `{}` (it was `{}`)", edited_.owner,
                                       running_.owner));
      rest_.owner = running_.owner;
    }
    conditions();
    stages();
    gates();
    way_back();
    if (plan_meaning(rest_) == plan_meaning(running_)) return std::move(made_);
    made_.refused = compare_plans(running_, rest_);
    if (made_.refused.empty()) made_.refused.emplace_back("a part of what it decides by", true);
    return std::move(made_);
  }

 private:
  // A text of the running plan, as a row of the rest.
  StringId text(StringId id) {
    if (id.is_none()) return id;
    const std::string_view words = running_.text(id);
    const auto known = std::find(rest_.strings.begin(), rest_.strings.end(), words);
    if (known != rest_.strings.end()) {
      return StringId{static_cast<uint32_t>(known - rest_.strings.begin())};
    }
    rest_.strings.emplace_back(words);
    return StringId{static_cast<uint32_t>(rest_.strings.size() - 1)};
  }

  // Limits and times of conditions. A text only shows what the rows beside it say.
  void conditions() {
    const Tightening found = find_tightening(running_, edited_);
    if (!found.is_whole) return;
    for (const uint32_t node : found.nodes) {
      rest_.nodes[node].constant = running_.nodes[node].constant;
    }
    for (const uint32_t sustain : found.sustains) {
      rest_.sustains[sustain].duration_ns = running_.sustains[sustain].duration_ns;
    }
    for (size_t i = 0; i < running_.predicates.size(); ++i) {
      rest_.predicates[i].text = text(running_.predicates[i].text);
    }
    for (uint32_t i = 0; i < running_.triggers.size(); ++i) {
      const auto& kept = found.loosened;
      if (std::find(kept.begin(), kept.end(), i) != kept.end()) continue;
      rest_.triggers[i].text = text(running_.triggers[i].text);
    }
    for (const uint32_t trigger : found.triggers) {
      // An alert moves nothing, and may become either.
      const bool moves = running_.triggers[trigger].action != TriggerAction::alert;
      made_.safe.push_back(fmt::format("{}: {} (it was: {})", moves ? "tightened" : "changed",
                                       edited_.text(edited_.triggers[trigger].text),
                                       running_.text(running_.triggers[trigger].text)));
    }
    for (const uint32_t gate : found.gates) {
      made_.safe.push_back(fmt::format("tightened: {} (it was: {})",
                                       edited_.text(edited_.gates[gate].text),
                                       running_.text(running_.gates[gate].text)));
    }
  }

  // What is waited for, when there is more of it.
  template <typename Number, typename Show>
  void raised(const Number& running, Number& rest, std::string_view what, Show show) {
    if (rest <= running) return;
    made_.safe.push_back(fmt::format("raised: {} {} (it was {})", what, show(rest),
                                     show(running)));
    rest = running;
  }

  void stages() {
    if (running_.stages.size() != rest_.stages.size() ||
        running_.steps.size() != rest_.steps.size()) {
      return;
    }
    for (size_t i = 0; i < running_.stages.size(); ++i) {
      const Stage& before = running_.stages[i];
      Stage& after = rest_.stages[i];
      const std::string name(running_.text(before.name));
      raised(before.soak_ns, after.soak_ns, "soak of " + name, exact_duration_text);
      raised(before.at_least_ns, after.at_least_ns, "at least of " + name, exact_duration_text);
      raised(before.watch_ns, after.watch_ns, "watch of " + name, exact_duration_text);
      raised(before.keep_warm_ns, after.keep_warm_ns, "warm baseline of " + name,
             exact_duration_text);
      if (before.step_samples_min > 0) {
        raised(before.step_samples_min, after.step_samples_min, "requests of a step of " + name,
               [](uint32_t count) { return std::to_string(count); });
      }
      if (before.steps.first != after.steps.first || before.steps.count != after.steps.count) {
        continue;
      }
      for (uint32_t at = before.steps.first; at < before.steps.end(); ++at) {
        if (running_.steps[at].duration_ns == 0) continue;
        raised(running_.steps[at].duration_ns, rest_.steps[at].duration_ns,
               fmt::format("step {} of {}", at - before.steps.first + 1, name),
               exact_duration_text);
      }
      after.text = text(before.text);
    }
  }

  void gates() {
    if (running_.gates.size() != rest_.gates.size()) return;
    for (size_t i = 0; i < running_.gates.size(); ++i) {
      const Gate& before = running_.gates[i];
      Gate& after = rest_.gates[i];
      const std::string name(running_.text(before.name));
      if (before.count > 0) {
        raised(before.count, after.count, "people for " + name,
               [](uint32_t count) { return std::to_string(count); });
      }
      // 0: an answer counts for the whole release.
      const bool shorter = after.within_ns > 0 &&
                           (before.within_ns == 0 || after.within_ns < before.within_ns);
      if (shorter) {
        made_.safe.push_back(fmt::format("shortened: how long {} counts, to {}", name,
                                         exact_duration_text(after.within_ns)));
        after.within_ns = before.within_ns;
      }
      after.text = text(before.text);
    }
  }

  // -- the way back, which has not begun

  static std::string words_of(const Plan& plan, const Action& action) {
    std::string words = fmt::format(
        "{} {} {} {} {} {} {} {} {}", purpose_name(action.purpose), action_kind_name(action.kind),
        subject_kind_name(action.subject_kind), plan.text(action.subject),
        plan.text(action.version), action.retries_max, action.within_ns, action.after_ns,
        plan.text(action.text));
    for (uint32_t at = action.arguments.first; at < action.probe.end(); ++at) {
      words += at == action.probe.first ? "\n probe " : "\n";
      words += plan.text(plan.arguments[at]);
    }
    return words;
  }

  static bool tells(const Action& action) {
    return action.purpose == ActionPurpose::notify || action.purpose == ActionPurpose::escalate ||
           action.purpose == ActionPurpose::report;
  }

  // The actions of the edited plan that the running one has not; no value: it has lost one, or has
  // one more that does something.
  std::optional<std::vector<const Action*>> added_actions() const {
    std::vector<const Action*> added;
    size_t next = 0;
    for (const Action& action : edited_.actions) {
      const bool same = next < running_.actions.size() &&
                        words_of(running_, running_.actions[next]) == words_of(edited_, action);
      if (same) ++next;
      else if (tells(action)) added.push_back(&action);
      else return std::nullopt;
    }
    if (next < running_.actions.size()) return std::nullopt;
    return added;
  }

  void way_back() {
    if (edited_.quarantine_candidate > running_.quarantine_candidate) {
      made_.safe.push_back("the candidate is quarantined when it goes back");
      rest_.quarantine_candidate = running_.quarantine_candidate;
    }
    raised(running_.cooldown_ns, rest_.cooldown_ns, "cooldown", exact_duration_text);
    const auto added = added_actions();
    if (!added || !same_hooks()) return;
    for (const Action* action : *added) {
      made_.safe.push_back(fmt::format("added to the way back: {}", edited_.text(action->text)));
    }
    rest_.actions = running_.actions;
    rest_.arguments = running_.arguments;
    rest_.hooks = running_.hooks;
    for (StringId& argument : rest_.arguments) argument = text(argument);
    for (Hook& hook : rest_.hooks) hook.reason = text(hook.reason);
    for (Action& action : rest_.actions) {
      action.subject = text(action.subject);
      action.version = text(action.version);
      action.text = text(action.text);
    }
  }

  // Their actions are compared with the others; they stand behind those of the way back, and so
  // have other rows when that has grown.
  bool same_hooks() const {
    return std::equal(running_.hooks.begin(), running_.hooks.end(), edited_.hooks.begin(),
                      edited_.hooks.end(), [this](const Hook& before, const Hook& after) {
                        return before.gate == after.gate && before.otherwise == after.otherwise &&
                               running_.text(before.reason) == edited_.text(after.reason);
                      });
  }

  const Plan& running_;
  const Plan& edited_;
  Plan rest_;
  EditJudgement made_;
};

}  // namespace

EditJudgement judge_edit(const Plan& running, const Plan& edited) {
  return Judge(running, edited).run();
}

}  // namespace rel
