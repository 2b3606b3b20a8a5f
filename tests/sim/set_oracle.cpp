#include "tests/sim/set_oracle.h"

#include <cstdlib>

#include "tests/sim/member.h"

namespace rel::sim {
namespace {

constexpr int alone_ticks_max = 5;

bool is_back(const Member& member) {
  const Phase phase = member.state().phase;
  return phase == Phase::rolled_back || phase == Phase::withdrawn;
}

// One that has completed stays, whatever becomes of the others.
bool is_running(const Member& member) { return member.state().phase == Phase::running; }

}  // namespace

void SetOracle::after_tick(const std::vector<std::unique_ptr<Member>>& members) {
  if (members.size() < 2) return;
  Member& one = *members[0];
  Member& other = *members[1];
  if (std::abs(one.oracle().furthest() - other.oracle().furthest()) > 1) {
    one.oracle().complain("a member of the set is two steps ahead of the other");
  }
  if (is_back(one)) other.oracle().peer_is_back();
  if (is_back(other)) one.oracle().peer_is_back();
  const bool parted = (is_back(one) && is_running(other)) || (is_back(other) && is_running(one));
  Member& left = is_back(one) ? other : one;
  const int64_t evaluated = left.oracle().evaluated_ticks();
  alone_ = !parted ? 0 : evaluated > evaluated_ ? alone_ + 1 : alone_;
  evaluated_ = evaluated;
  if (alone_ > alone_ticks_max) {
    left.oracle().complain("the other member of the set is back, this one is not");
  }
}

}  // namespace rel::sim
