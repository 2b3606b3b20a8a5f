// Whether white space stands between two tokens of a line. Input: neighbours. Owner: the formatter.
#pragma once

#include "compiler/format/tree.h"

namespace rel::format {

// `before` is the token before `left`, or null.
bool is_spaced(const Piece* before, const Piece& left, const Piece& right);

}  // namespace rel::format
