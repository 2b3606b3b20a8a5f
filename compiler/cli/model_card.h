// Reads a model card: Markdown with YAML front matter, as model registries keep it.
// Input: a path. Output: the candidate that the front matter names, and the headings; an error says
// why it cannot be read. Owner: `relc run`, which hands it to the host: yaml-cpp stays in cli/.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/host/checklist.h"

namespace rel::cli {

Result<ModelCard> read_model_card(const std::string& path);
// The same from text; `path` names it in errors.
Result<ModelCard> parse_model_card(const std::string& text, const std::string& path);

}  // namespace rel::cli
