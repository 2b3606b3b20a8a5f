// The texts behind the numbers of categories, for people who look at single answers: an observation
// tells the values of a category apart by a number.
// Input: texts as they come. Output: the text of a number. Memory is bounded: later ones have none.
// Owner: an event decoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include <xxhash.h>

#include "runtime/base/limits.h"

namespace rel {

class CategoryTexts {
 public:
  // The number of a text, which is kept.
  double number_of(std::string_view text) {
    const auto number = static_cast<uint32_t>(XXH3_64bits(text.data(), text.size()));
    if (texts_.size() < limits::category_texts_max) texts_.try_emplace(number, text);
    return number;
  }
  // Empty: not known.
  std::string_view text_of(double number) const {
    const auto known = texts_.find(static_cast<uint32_t>(number));
    return known == texts_.end() ? std::string_view{} : std::string_view{known->second};
  }

 private:
  std::unordered_map<uint32_t, std::string> texts_;
};

}  // namespace rel
