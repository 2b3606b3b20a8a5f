// A command of `relc` is one file in cli/commands: NAME.cpp defines add_command_NAME, which adds a
// subcommand to the app; when that subcommand was chosen its callback leaves the exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <span>

namespace rel::cli {

// Exit codes everywhere: other programs read them.
inline constexpr int exit_clean = 0;
inline constexpr int exit_findings = 1;  // findings, or a release that did not end as expected
inline constexpr int exit_failed = 2;    // usage, or the world failed

using AddCommand = void (*)(CLI::App& app, int& exit_code);

std::span<const AddCommand> command_table();  // generated from the folder

}  // namespace rel::cli
