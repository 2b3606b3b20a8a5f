// What must hold between the members of a release set: none is more than a step ahead, and when one
// goes back another that runs follows at once.
// Input: the members after each tick. Output: complaints. Owner: the world.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace rel::sim {

class Member;

class SetOracle {
 public:
  void after_tick(const std::vector<std::unique_ptr<Member>>& members);
  void disturbed() { alone_ = 0; }

 private:
  int alone_ = 0;  // ticks one was exposed and could have known that the other was back
  int64_t evaluated_ = 0;
};

}  // namespace rel::sim
