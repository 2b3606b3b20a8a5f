// What commands share to show diagnostics: the `--format` option, colour, and the summary line.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "compiler/diagnostics/diagnostic.h"

namespace rel::cli {

enum class Format : uint8_t { text, short_lines, json, sarif, github };

// The words of `--format`.
extern const char* const format_help;
Format format_of(const std::string& word);

// Whether what goes to `out` is painted: on a terminal, and not with NO_COLOR in the environment.
bool is_painted(std::FILE* out);

// Writes diagnostics in the order given. Text is in colour only on a terminal, and not with
// NO_COLOR in the environment. A SARIF log is one document over all files: see SarifLog.
void print_findings(std::FILE* out, Format format, const Sources& sources,
                    const Diagnostics& diagnostics);

struct FindingCounts {
  size_t errors = 0;
  size_t warnings = 0;
  size_t notes = 0;

  void add(const Diagnostics& diagnostics);
};

// "2 errors and 1 warning"
std::string describe(const FindingCounts& counts);

// Reads a policy for a command that cannot go on without it. An unreadable file is a finding, too
// (REL9001), so that programs that read json see it.
Result<FileId> read_policy(Sources& sources, const std::string& path, Diagnostics& diagnostics);

}  // namespace rel::cli
