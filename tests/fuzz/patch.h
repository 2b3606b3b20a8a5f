// Damage as a fuzzer chooses it: a good value with some of its bytes changed, and perhaps its end
// cut off. A target that starts from a good value reaches what random bytes never do, and its
// corpus outlives every change of the format.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace rel::fuzz {

// Each group of five bytes: where, in four, and what is put there. One byte left over: how much of
// it is there, in parts of 256.
inline std::string patched(std::string bytes, std::string_view patches) {
  for (; patches.size() >= 5 && !bytes.empty(); patches.remove_prefix(5)) {
    uint32_t at = 0;
    std::memcpy(&at, patches.data(), sizeof at);
    bytes[at % bytes.size()] = patches[4];
  }
  if (patches.size() == 1) bytes.resize(bytes.size() * static_cast<uint8_t>(patches[0]) / 256);
  return bytes;
}

}  // namespace rel::fuzz
