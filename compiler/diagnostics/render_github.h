// Diagnostics as workflow commands of GitHub Actions, which shows them beside the lines of a
// change: `::error file=a.release,line=3,...::message`. One line each.
#pragma once

#include <span>
#include <string>

#include "compiler/diagnostics/diagnostic.h"

namespace rel {

std::string render_github(const Sources& sources, std::span<const Diagnostic> diagnostics);

}  // namespace rel
