#include "runtime/joins/served.h"

#include <algorithm>

namespace rel {

// There are as many as arms times segment values that occur together: tens, rarely hundreds.
uint16_t ServedCodes::code(const Served& served) {
  const auto found = std::find(known_.begin(), known_.end(), served);
  if (found != known_.end()) return static_cast<uint16_t>(found - known_.begin());
  if (known_.size() >= none) return none;
  known_.push_back(served);
  return static_cast<uint16_t>(known_.size() - 1);
}

}  // namespace rel
