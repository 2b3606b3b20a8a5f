// Every policy text of the tree, and the scrambling of their layout.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rel::test {

struct NamedText {
  std::string name;
  std::string text;
};

// Examples, the library, UI cases, explain pages and the reference: those that parse.
std::vector<NamedText> policies_of_the_tree();

// The same statements, tokens and comments, with white space, line ends, `;` and new comments put
// wherever the language allows them. Input: a text that parses.
std::string scrambled(const std::string& text, uint64_t seed);

}  // namespace rel::test
