#include "tests/sim/outside.h"

#include <stdexcept>
#include <utility>

namespace rel::sim {
namespace {

constexpr int64_t late_by_ns = 5'000'000'000;

}  // namespace

// One try. What is dropped before it ends has no effect and no answer.
class Outside::Running : public RunningAction {
 public:
  Running(Outside& outside, uint32_t action, const ActionRequest& request, int64_t end_ns,
          ActionProgress end)
      : outside_(outside), action_(action), request_(request), end_ns_(end_ns), end_(end) {}

  ActionProgress poll(int64_t monotonic_ns) override {
    if (monotonic_ns < end_ns_) return ActionProgress::running;
    if (std::exchange(told_, true)) return end_;
    const bool lies = outside_.mood_of(action_) == Mood::lies;
    if (end_ == ActionProgress::done && !lies) outside_.carry_out(action_, request_);
    if (!request_.key.empty()) outside_.oracle_.answered(action_, end_);
    return end_;
  }
  std::string detail() const override {
    return end_ == ActionProgress::done ? "it answered" : "it did not answer";
  }

 private:
  Outside& outside_;
  uint32_t action_;
  ActionRequest request_;
  int64_t end_ns_;
  ActionProgress end_;
  bool told_ = false;
};

Outside::Outside(const Plan& plan, const Scenario& scenario, WayBackOracle& oracle)
    : plan_(plan), scenario_(scenario), oracle_(oracle), random_(scenario.seed ^ 0x0a75) {}

// The actions of a simulated plan differ in kind or in their first argument.
uint32_t Outside::action_of(const ActionRequest& request) const {
  for (uint32_t i = 0; i < plan_.actions.size(); ++i) {
    const Action& action = plan_.actions[i];
    if (action.kind != request.kind || request.arguments.empty()) continue;
    if (plan_.text(plan_.arguments[action.arguments.first]) == request.arguments[0]) return i;
  }
  throw std::runtime_error("an action that the plan does not have");
}

// A report is written here, not asked of anybody.
Mood Outside::mood_of(uint32_t action) const {
  const Mood mood = scenario_.moods[action];
  const bool own = plan_.actions[action].kind == ActionKind::report;
  return own && mood != Mood::slow && mood != Mood::fails_first ? Mood::works : mood;
}

void Outside::carry_out(uint32_t action, const ActionRequest& request) {
  if (plan_.actions[action].kind == ActionKind::haproxy) {
    oracle_.proxy_has(request.facts.share_millionths);
  }
}

std::unique_ptr<RunningAction> Outside::start(const ActionRequest& request, int64_t now_ns) {
  const uint32_t action = action_of(request);
  if (request.mode == ActionMode::probe) {
    oracle_.probed(action, ready_, request.now_ns);
    probes_failed_ += ready_ ? 0 : 1;
    return ready_ ? ended_action(ActionProgress::done, "ready") : refused_action("not ready");
  }
  if (request.key.empty()) oracle_.followed(request.facts.share_millionths);
  else oracle_.begun(action, request, now_ns);
  const Mood mood = mood_of(action);
  ++tries_[static_cast<size_t>(mood)];
  const auto ends = [&](int ticks, ActionProgress end) {
    return std::make_unique<Running>(*this, action, request, now_ns + ticks * tick_ns, end);
  };
  switch (mood) {
    case Mood::works: return ends(random_.between(0, 3), ActionProgress::done);
    case Mood::slow: return ends(random_.between(5, 60), ActionProgress::done);
    case Mood::fails_first: {
      const bool fails = request.attempt <= 1 + scenario_.seed % 3;
      return ends(random_.between(0, 10), fails ? ActionProgress::failed : ActionProgress::done);
    }
    case Mood::refuses: return ends(0, ActionProgress::refused);
    case Mood::never_works: return ends(random_.between(0, 10), ActionProgress::failed);
    case Mood::half_done:
      if (!half_done_.insert(request.key).second) return ends(1, ActionProgress::done);
      carry_out(action, request);
      return ends(random_.between(0, 20), ActionProgress::failed);
    case Mood::late: {
      const int64_t late_ns = plan_.actions[action].within_ns + late_by_ns;
      return ends(static_cast<int>(late_ns / tick_ns), ActionProgress::done);
    }
    case Mood::lies: return ends(0, ActionProgress::done);
  }
  return nullptr;
}

}  // namespace rel::sim
