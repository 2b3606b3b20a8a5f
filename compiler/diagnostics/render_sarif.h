// Diagnostics as a SARIF 2.1.0 log, which code hosts show beside the lines of a change. A log holds
// one run over any number of files. Columns count characters (unicodeCodePoints), as SARIF wants.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compiler/diagnostics/diagnostic.h"

namespace rel {

class SarifLog {
 public:
  void add(const Sources& sources, std::span<const Diagnostic> diagnostics);
  std::string text() const;  // the whole document

 private:
  size_t rule(Code code);  // its place among the rules of the run

  std::vector<Code> rules_;
  std::vector<std::string> results_;  // one json object each
};

}  // namespace rel
