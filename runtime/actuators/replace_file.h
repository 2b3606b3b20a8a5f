// Writes a file whole or not at all: beside its place first, synchronised, then renamed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "runtime/base/result.h"

namespace rel {

Status replace_file(const std::filesystem::path& path, const std::string& text, mode_t mode);

}  // namespace rel
