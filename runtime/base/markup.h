// Text as it stands in HTML and SVG. Input: any bytes. Output: the same with the four characters
// that mean something there written as entities; safe in text and in quoted attributes. Pure.
#pragma once

#include <string>
#include <string_view>

namespace rel {

std::string markup_escaped(std::string_view text);

}  // namespace rel
