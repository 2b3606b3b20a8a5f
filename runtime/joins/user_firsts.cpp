#include "runtime/joins/user_firsts.h"

#include <limits>
#include <optional>

#include "runtime/base/check.h"

namespace rel {
namespace {

constexpr uint64_t of_shadow = 0x9e3779b97f4a7c15;

}  // namespace

UserFirsts::UserFirsts(std::span<const FirstRule> rules, int64_t pane_ns, size_t users_max)
    : rules_(rules.begin(), rules.end()),
      pane_ns_(pane_ns),
      users_max_(users_max),
      open_of_(rules.size()) {
  REL_CHECK(rules.size() <= limits::metrics_max);
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    if (rules_[rule].once == OncePer::stage) anew_ |= uint32_t{1} << rule;
  }
}

void UserFirsts::enter_stage(StageId stage) {
  if (stage == entered_) return;
  entered_ = stage;
  ++stage_;
}

UserFirsts::User* UserFirsts::follow(uint64_t user, FirstIn& first_in) {
  auto known = users_.find(user);
  first_in.release = known == users_.end();
  if (first_in.release) {
    if (users_.size() >= users_max_) return nullptr;
    known = users_.emplace(user, User{.stage = stage_}).first;
    ++counters_.users;
  }
  User& found = known->second;
  first_in.stage = first_in.release || found.stage != stage_;
  if (first_in.stage) {
    found.done &= ~anew_;
    found.stage = stage_;
  }
  return &found;
}

std::optional<FirstIn> UserFirsts::seen(uint64_t user, const Observation& request,
                                        std::vector<Derived>& derived) {
  if (request.arm == LaneArm::candidate_shadow) user ^= of_shadow;
  FirstIn first_in;
  User* const followed = follow(user, first_in);
  if (followed == nullptr) {
    ++counters_.overflow;
    return std::nullopt;
  }
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    const FirstRule& own = rules_[rule];
    const uint32_t bit = uint32_t{1} << rule;
    if ((request.present >> own.of & 1) == 0 || (followed->done & bit) != 0) continue;
    if (own.flag) {
      add_flag(user, rule, request);
      continue;
    }
    followed->done |= bit;
    ++counters_.samples;
    derived.push_back({request.time_ns, served_of(request), own.metric, request.value[own.of]});
  }
  return first_in;
}

void UserFirsts::add_flag(uint64_t user, size_t rule, const Observation& request) {
  const FirstRule& own = rules_[rule];
  const double value = request.value[own.of];
  const auto [place, added] = open_of_[rule].try_emplace(user, open_.size());
  if (added) {
    if (open_.empty()) open_end_ns_ = (request.time_ns / pane_ns_ + 1) * pane_ns_;
    open_.push_back({user, rule, served_of(request), value});
  } else if (value == own.failure) {
    open_[place->second].value = value;
  }
}

void UserFirsts::mature(int64_t now_ns, std::vector<Derived>& derived) {
  if (open_.empty() || open_end_ns_ > now_ns) return;
  for (const Open& sample : open_) {
    const FirstRule& rule = rules_[sample.rule];
    derived.push_back({open_end_ns_, sample.served, rule.metric, sample.value});
    if (sample.value == rule.failure) users_[sample.user].done |= uint32_t{1} << sample.rule;
  }
  counters_.samples += open_.size();
  open_.clear();
  for (auto& places : open_of_) places.clear();
}

int64_t UserFirsts::next_due_ns() const {
  return open_.empty() ? std::numeric_limits<int64_t>::max() : open_end_ns_;
}

}  // namespace rel
