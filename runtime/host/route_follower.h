// Keeps the proxies that a policy routes by (`route haproxy "edge"`) at the published share.
// A share is published only once it may be, so nothing here raises exposure by itself; what lowers
// it gives up whatever was being set. The way back sets 0 once more, as a step on record.
// Input: the published share. Output: actions of purpose `route`, polled. Owner: the host.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/actuators/registry.h"
#include "runtime/host/host_time.h"

namespace rel {

class RouteFollower {
 public:
  // Borrows the plan and what the actuators borrow.
  RouteFollower(const Plan& plan, Actuators actuators);

  void advance(uint32_t share_millionths, HostTime now);

  struct Proxy {
    ActionId action;
    std::optional<uint32_t> share;  // what it is known to have
    std::string error;              // of the last try; empty when it succeeded
  };
  std::vector<Proxy> proxies() const;

 private:
  struct Following {
    Proxy proxy;
    uint32_t wanted = 0;
    std::unique_ptr<RunningAction> running;
    int64_t retry_at_ns = 0;  // steady clock
  };
  void start(Following& each, HostTime now);
  void settle(Following& each, HostTime now);

  const Plan& plan_;
  Actuators actuators_;
  std::vector<Following> following_;
};

}  // namespace rel
