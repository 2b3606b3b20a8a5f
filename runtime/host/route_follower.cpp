#include "runtime/host/route_follower.h"

#include <utility>

#include "runtime/base/limits.h"
#include "runtime/host/way_back_plan.h"

namespace rel {

RouteFollower::RouteFollower(const Plan& plan, Actuators actuators)
    : plan_(plan), actuators_(actuators) {
  for (uint32_t i = 0; i < plan.actions.size(); i++) {
    if (plan.actions[i].purpose != ActionPurpose::route) continue;
    following_.emplace_back().proxy.action = ActionId{i};
  }
}

void RouteFollower::advance(uint32_t share_millionths, HostTime now) {
  for (Following& each : following_) {
    if (each.running != nullptr && each.wanted != share_millionths) each.running.reset();
    if (each.running != nullptr) settle(each, now);
    const bool lowers = each.proxy.share && share_millionths < *each.proxy.share;
    const bool fresh = each.wanted != share_millionths;
    const bool may_try = now.steady_ns >= each.retry_at_ns || (lowers && fresh);
    if (each.running != nullptr || each.proxy.share == share_millionths || !may_try) continue;
    each.wanted = share_millionths;
    start(each, now);
  }
}

void RouteFollower::start(Following& each, HostTime now) {
  const Action& action = plan_.actions[each.proxy.action.value];
  ActionRequest request;
  request.kind = action.kind;
  request.arguments = arguments_of(plan_, action.arguments);
  request.facts = facts_of(plan_, &action);
  request.facts.share_millionths = each.wanted;
  request.now_ns = now.now_ns;
  each.running = start_action(request, actuators_, now.steady_ns);
  settle(each, now);
}

void RouteFollower::settle(Following& each, HostTime now) {
  const ActionProgress progress = each.running->poll(now.steady_ns);
  if (progress == ActionProgress::running) return;
  if (progress == ActionProgress::done) {
    each.proxy.share = each.wanted;
    each.proxy.error.clear();
  } else {
    each.proxy.share.reset();
    each.proxy.error = each.running->detail();
    each.retry_at_ns = now.steady_ns + limits::retry_first_ns;
  }
  each.running.reset();
}

std::vector<RouteFollower::Proxy> RouteFollower::proxies() const {
  std::vector<Proxy> list;
  for (const Following& each : following_) list.push_back(each.proxy);
  return list;
}

}  // namespace rel
