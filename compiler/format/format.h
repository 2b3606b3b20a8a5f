// One way to write a policy. Input: a file without syntax errors. Output: its text in the layout of
// grammar/REFERENCE.md; parsed again it is the same policy, formatted again it is the same text.
//
// The formatter knows tokens, braces and statements, not the grammar: whatever the grammar grows is
// laid out by the same rules.
#pragma once

#include <optional>
#include <string>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/source/source.h"

namespace rel {

// No value: the file has syntax errors, now in `diagnostics`.
std::optional<std::string> format_policy(Sources& sources, FileId file, Diagnostics& diagnostics);

}  // namespace rel
