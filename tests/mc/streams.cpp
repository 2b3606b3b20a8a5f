#include "tests/mc/streams.h"

namespace rel::mc {
namespace {

constexpr size_t user_count = 2000;

}  // namespace

const char* name_of(World world) {
  switch (world) {
    case World::independent: return "independent";
    case World::ar_half: return "AR(1) 0.5";
    case World::ar_most: return "AR(1) 0.8";
    case World::diurnal: return "diurnal";
    case World::outage: return "shared outage";
    case World::wrong_split: return "wrong split";
    case World::ramp: return "ramp 1-5-25-50 %";
    case World::sticky: return "sticky users";
  }
  return "";
}

double Stream::rate_now() {
  double rate = setting_.base_rate;
  const double part_of_day = seconds() / 86400;
  switch (setting_.world) {
    case World::ar_half:
    case World::ar_most: {
      const double keep = setting_.world == World::ar_half ? 0.5 : 0.8;
      wander_ = keep * wander_ + std::sqrt(1 - keep * keep) * draw_.normal();
      rate *= std::exp(0.5 * wander_);
      break;
    }
    case World::diurnal: rate *= 1 + 0.8 * std::sin(6.283185307179586 * part_of_day); break;
    case World::outage:
      if (std::fmod(seconds(), 3600) < 600 && seconds() >= 600) rate = 0.3;
      break;
    case World::independent:
    case World::wrong_split:
    case World::ramp:
    case World::sticky: break;
  }
  return std::min(rate, 0.5);
}

double Stream::share_now() const {
  if (setting_.world == World::wrong_split) return setting_.share * 1.1;
  if (setting_.world != World::ramp) return setting_.share;
  constexpr double steps[] = {0.01, 0.05, 0.25, 0.5};
  const auto step = static_cast<size_t>(4 * seconds() / setting_.length_s);
  return steps[std::min<size_t>(step, 3)];
}

stats::PaneCounts Stream::next() {
  if (setting_.world == World::sticky) return next_sticky();
  const double rate = rate_now();
  const double ratio = seconds() >= setting_.onset_s ? setting_.ratio : 1;
  const auto n = static_cast<uint64_t>(setting_.per_second * pane_seconds);
  stats::PaneCounts pane;
  pane.n_c = draw_.binomial(n, share_now());
  pane.n_b = n - pane.n_c;
  pane.k_c = draw_.binomial(pane.n_c, std::min(rate * ratio, 1.0));
  pane.k_b = draw_.binomial(pane.n_b, rate);
  ++pane_;
  return pane;
}

// Some users fail a hundred times as often as others: their arm decides for all their requests.
stats::PaneCounts Stream::next_sticky() {
  if (users_.empty()) {
    for (size_t i = 0; i < user_count; ++i) {
      const double own = draw_.uniform() < 0.05 ? 0.2 * draw_.uniform() : 0.0005;
      users_.push_back({draw_.uniform() < setting_.share, false, own});
    }
  }
  const auto n = static_cast<uint64_t>(setting_.per_second * pane_seconds);
  stats::PaneCounts pane;
  first_ = {};
  for (uint64_t i = 0; i < n; ++i) {
    User& user = users_[static_cast<size_t>(draw_.uniform() * user_count)];
    const bool fails = draw_.uniform() < user.rate;
    (user.candidate ? pane.n_c : pane.n_b) += 1;
    (user.candidate ? pane.k_c : pane.k_b) += fails ? 1 : 0;
    if (user.failed) continue;
    (user.candidate ? first_.n_c : first_.n_b) += 1;
    (user.candidate ? first_.k_c : first_.k_b) += fails ? 1 : 0;
    user.failed = fails;
  }
  ++pane_;
  return pane;
}

}  // namespace rel::mc
