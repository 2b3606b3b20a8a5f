// The identity of a model file: the SHA-256 of its content.
#pragma once

#include <string>

#include "runtime/base/result.h"

namespace rel::sema {

// "sha256:..." of a regular file of any size.
Result<std::string> file_digest(const std::string& path);

}  // namespace rel::sema
