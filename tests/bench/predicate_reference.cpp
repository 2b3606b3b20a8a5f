// The hand-written side of the predicate benchmark.
#include "tests/bench/predicate_reference.h"

#include <cmath>

namespace rel::bench {
namespace {

struct Truth {
  uint32_t yes;
  uint32_t no;
  uint32_t causes;
};

Truth compare(bool holds, uint32_t causes) {
  const uint32_t known = causes == 0;
  const uint32_t yes = holds & known;
  return {yes, known ^ yes, causes};
}

Truth both(Truth a, Truth b) {
  const uint32_t no = a.no | b.no;
  return {a.yes & b.yes, no, (a.causes | b.causes) & (no - 1)};
}

Truth either(Truth a, Truth b) {
  const uint32_t yes = a.yes | b.yes;
  return {yes, a.no & b.no, (a.causes | b.causes) & (yes - 1)};
}

uint32_t insufficient_unless_finite(double value) { return !std::isfinite(value); }

}  // namespace

uint8_t reference_predicate(const double* values, const uint8_t* causes, const uint8_t*) {
  const double p99_limit = 1.2 * values[1];
  const double acc_limit = values[6] - 0.02;
  const Truth slow = compare(values[0] > p99_limit, causes[0] | causes[1] |
                                                        insufficient_unless_finite(p99_limit));
  const Truth failing = compare(values[2] > 0.02, causes[2]);
  const Truth seen = compare(values[3] > 1000, causes[3]);
  const Truth drifting = compare(values[4] > 0.2, causes[4]);
  const Truth worse = compare(values[5] < acc_limit, causes[5] | causes[6] |
                                                         insufficient_unless_finite(acc_limit));
  const Truth verdict = either(both(both(slow, failing), seen), both(drifting, worse));
  uint32_t spread = verdict.causes | verdict.causes >> 1;
  spread |= spread >> 1;
  return static_cast<uint8_t>(spread + 1 - verdict.no);
}

}  // namespace rel::bench
