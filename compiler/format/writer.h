// Lines of text from the tree of a file. Input: its block. Output: the formatted text.
#pragma once

#include <string>

#include "compiler/format/tree.h"

namespace rel::format {

std::string write_tree(const Block& file);

}  // namespace rel::format
