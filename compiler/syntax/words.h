// What the words of the language are for, beyond what the grammar says: where a statement belongs,
// and which words name a part of the language that this version does not have.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace rel {

enum class Block : uint8_t {
  file,
  model,
  expected,
  release,
  unknown,
  require,
  stage,
  rollback,
  test
};

// "a release", for messages.
std::string_view name_of(Block block);

// The first words of the statements of a block.
std::span<const std::string_view> statements_of(Block block);

}  // namespace rel
