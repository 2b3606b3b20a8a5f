// The logarithmic bucket mapping.
#include "runtime/stats/log_mapping.h"

#include <cmath>

#include "runtime/stats/elementary.h"

namespace rel::stats {
namespace {

// The accuracy at which 2^1024 still has a 32-bit index is about 2e-7.
constexpr double accuracy_min = 1e-6;

}  // namespace

std::optional<LogMapping> log_mapping(double accuracy) {
  if (!(accuracy >= accuracy_min) || !(accuracy < 1)) return std::nullopt;
  return LogMapping{(1 + accuracy) / (1 - accuracy),
                    elementary::log1p(accuracy) - elementary::log1p(-accuracy)};
}

std::optional<int32_t> LogMapping::index(double value) const {
  if (!(value > 0) || !std::isfinite(value)) return std::nullopt;
  return static_cast<int32_t>(std::ceil(elementary::log(value) / log_gamma));
}

double LogMapping::value(int32_t index) const {
  return 2 * elementary::exp(index * log_gamma) / (gamma + 1);
}

double LogMapping::lower_edge(int32_t index) const {
  return elementary::exp((index - 1) * log_gamma);
}

}  // namespace rel::stats
