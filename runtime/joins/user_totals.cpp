#include "runtime/joins/user_totals.h"

#include <algorithm>
#include <limits>

namespace rel {

UserTotals::UserTotals(std::span<const UserRule> rules, size_t users_max)
    : rules_(rules.begin(), rules.end()), users_max_(users_max), queues_(rules.size()) {
  std::stable_sort(rules_.begin(), rules_.end(), [](const UserRule& a, const UserRule& b) {
    return a.within_ns < b.within_ns;
  });
}

bool UserTotals::exposed(uint64_t user, const Observation& observation) {
  auto known = users_.find(user);
  if (known == users_.end()) {
    if (users_.size() >= users_max_) {
      ++counters_.overflow;
      return false;
    }
    User made{.first_ns = observation.time_ns, .served = served_of(observation)};
    made.totals.resize(rules_.size());
    made.given.resize(rules_.size());
    known = users_.emplace(user, std::move(made)).first;
    for (std::deque<uint64_t>& queue : queues_) queue.push_back(user);
    ++counters_.users;
    ++waiting_;
  }
  if (known->second.served.arm != observation.arm) ++counters_.crossed;
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    const uint32_t metric = rules_[rule].metric;
    if ((observation.present >> metric & 1) == 0) continue;
    add(known->second, rule, observation.value[metric], observation.time_ns);
  }
  return true;
}

void UserTotals::value(uint64_t user, uint32_t metric, double value, int64_t time_ns) {
  const auto known = users_.find(user);
  if (known == users_.end()) {
    ++counters_.unknown;
    return;
  }
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    if (rules_[rule].metric == metric) add(known->second, rule, value, time_ns);
  }
}

void UserTotals::add(User& user, size_t rule, double value, int64_t time_ns) {
  if (rule < user.matured || time_ns > user.first_ns + rules_[rule].within_ns) {
    ++counters_.late;
    return;
  }
  user.totals[rule] += value;
  user.given[rule] = 1;
}

void UserTotals::mature(int64_t now_ns, std::vector<Derived>& derived) {
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    std::deque<uint64_t>& queue = queues_[rule];
    for (; !queue.empty(); queue.pop_front()) {
      const auto found = users_.find(queue.front());
      User& user = found->second;
      const int64_t due_ns = user.first_ns + rules_[rule].within_ns;
      if (due_ns > now_ns) break;
      user.matured = rule + 1;
      if (user.given[rule] == 0 && rules_[rule].absent == AbsentSample::missing) {
        ++counters_.missing;
      } else {
        ++counters_.matured;
        const double total = user.totals[rule];
        const double value = rules_[rule].flag && total > 0 ? 1 : total;
        derived.push_back({due_ns, user.served, rules_[rule].metric, value});
      }
      if (user.matured < rules_.size()) continue;
      --waiting_;
      std::vector<double>().swap(user.totals);
      std::vector<uint8_t>().swap(user.given);
    }
  }
}

int64_t UserTotals::next_due_ns() const {
  int64_t due_ns = std::numeric_limits<int64_t>::max();
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    if (queues_[rule].empty()) continue;
    const User& user = users_.find(queues_[rule].front())->second;
    due_ns = std::min(due_ns, user.first_ns + rules_[rule].within_ns);
  }
  return due_ns;
}

}  // namespace rel
