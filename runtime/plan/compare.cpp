#include "runtime/plan/compare.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "runtime/plan/text.h"

namespace rel {
namespace {

class Comparison {
 public:
  Comparison(const Plan& running, const Plan& edited) : running_(running), edited_(edited) {}

  std::vector<PlanChange> run() {
    arm("baseline", running_.baseline, edited_.baseline);
    arm("candidate", running_.candidate, edited_.candidate);
    texts("metric", true, [](const Plan& plan, auto add) {
      for (const Metric& metric : plan.metrics) {
        add(fmt::format("{} (kind {}, source {}, {})", plan.text(metric.name),
                        static_cast<int>(metric.kind), static_cast<int>(metric.source),
                        sample_unit_text(metric)));
      }
    });
    texts("segment", true, [](const Plan& plan, auto add) {
      for (const Segment& segment : plan.segments) {
        std::string row(plan.text(segment.name));
        for (uint32_t at = segment.values.first; at < segment.values.end(); ++at) {
          row += fmt::format(" {}", plan.text(plan.segment_values[at]));
        }
        add(std::move(row));
      }
    });
    texts("trigger", true, [](const Plan& plan, auto add) {
      for (const Trigger& trigger : plan.triggers) add(std::string(plan.text(trigger.text)));
    });
    stages();
    texts("point", true, [](const Plan& plan, auto add) {
      for (const Gate& gate : plan.gates) add(std::string(plan.text(gate.text)));
    });
    unknown_rules();
    texts("way back", false, [](const Plan& plan, auto add) {
      for (const Action& action : plan.actions) add(std::string(plan.text(action.text)));
    });
    value("owner", running_.owner, edited_.owner, false);
    value("cooldown", exact_duration_text(running_.cooldown_ns),
          exact_duration_text(edited_.cooldown_ns), false);
    return std::move(changes_);
  }

 private:
  void change(std::string what, bool decides) {
    changes_.push_back({std::move(what), decides});
  }

  void value(std::string_view name, const std::string& running, const std::string& edited,
             bool decides) {
    if (running != edited) {
      change(fmt::format("{} {}, where {} runs", name, edited, running), decides);
    }
  }

  void arm(std::string_view name, const ModelRef& running, const ModelRef& edited) {
    const auto identity = [](const Plan& plan, const ModelRef& reference) {
      const std::string_view digest = plan.text(reference.digest);
      return std::string(digest.empty() ? plan.text(reference.text) : digest);
    };
    value(name, identity(running_, running), identity(edited_, edited), true);
  }

  // Rows that one of the two has and the other has not.
  template <typename Each>
  void texts(std::string_view name, bool decides, Each each) {
    std::multiset<std::string> before;
    std::multiset<std::string> after;
    each(running_, [&](std::string row) { before.insert(std::move(row)); });
    each(edited_, [&](std::string row) { after.insert(std::move(row)); });
    for (const std::string& row : before) {
      if (before.count(row) <= after.count(row)) continue;
      change(fmt::format("{} gone: {}", name, row), decides);
    }
    for (const std::string& row : after) {
      if (after.count(row) <= before.count(row)) continue;
      change(fmt::format("{} new: {}", name, row), decides);
    }
  }

  std::string stage_text(const Plan& plan, const Stage& stage) const {
    std::string text(plan.text(stage.text));
    for (uint32_t at = stage.steps.first; at < stage.steps.end(); ++at) {
      text += fmt::format(", {} for {}", plan.steps[at].share_millionths,
                          exact_duration_text(plan.steps[at].duration_ns));
    }
    text += fmt::format("; soak {}, at least {}, at most {}", exact_duration_text(stage.soak_ns),
                        exact_duration_text(stage.at_least_ns),
                        exact_duration_text(stage.at_most_ns));
    return text;
  }

  void stages() {
    const size_t count = std::max(running_.stages.size(), edited_.stages.size());
    for (size_t i = 0; i < count; ++i) {
      if (i >= running_.stages.size()) {
        change(fmt::format("stage new: {}", edited_.text(edited_.stages[i].name)), true);
      } else if (i >= edited_.stages.size()) {
        change(fmt::format("stage gone: {}", running_.text(running_.stages[i].name)), true);
      } else {
        const std::string before = fmt::format("{}: {}", running_.text(running_.stages[i].name),
                                               stage_text(running_, running_.stages[i]));
        const std::string after = fmt::format("{}: {}", edited_.text(edited_.stages[i].name),
                                              stage_text(edited_, edited_.stages[i]));
        value("stage", before, after, true);
      }
    }
  }

  void unknown_rules() {
    constexpr std::string_view causes[] = {"insufficient", "no_data", "source_error"};
    for (size_t i = 0; i < std::size(causes); ++i) {
      const UnknownRule& before = running_.unknown[i];
      const UnknownRule& after = edited_.unknown[i];
      const bool same = before.action == after.action && before.then == after.then &&
                        before.up_to_ns == after.up_to_ns;
      if (!same) change(fmt::format("what `{}` does", causes[i]), true);
    }
  }

  const Plan& running_;
  const Plan& edited_;
  std::vector<PlanChange> changes_;
};

}  // namespace

std::vector<PlanChange> compare_plans(const Plan& running, const Plan& edited) {
  return Comparison(running, edited).run();
}

}  // namespace rel
