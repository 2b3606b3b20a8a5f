// Replaces a file's text as a whole. Input: a path and the new text. A reader, or a crash, sees the
// old text or the new one and nothing between; mode and symbolic links stay.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace rel::cli {

Status replace_file(const std::string& path, std::string_view text);

}  // namespace rel::cli
