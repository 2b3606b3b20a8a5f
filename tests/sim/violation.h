// The first rule that was broken, in words, and when. The parts of the oracle share it.
#pragma once

#include <string>

#include <fmt/format.h>

namespace rel::sim {

struct Violation {
  int tick = 0;
  std::string text;

  void complain(const std::string& what) {
    if (text.empty()) text = fmt::format("tick {}: {}", tick, what);
  }
};

}  // namespace rel::sim
