// Texts of a policy that look like secrets. Input: the files of a policy. Output: a warning each.
// Policies are read by many people and kept for ever; secrets belong into the host's configuration.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/source/source.h"

namespace rel {

void find_secrets(const Sources& sources, const std::vector<FileId>& files,
                  Diagnostics& diagnostics);

// What kind of secret a text looks like, such as "a key of AWS"; empty: none.
std::string_view secret_kind(std::string_view text);

}  // namespace rel
