// Completion scripts of shells, made from the commands themselves, so that they cannot drift.
// Input: the app with all its commands. Output: a script for bash, zsh or fish.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace rel::cli {

struct OptionWords {
  std::string name;         // "--format"
  std::string description;
  bool takes_value = false;
  std::vector<std::string> values;  // empty: a path, or anything
};

struct CommandWords {
  std::string name;
  std::string description;
  std::vector<OptionWords> options;
  std::vector<std::string> values;  // of its argument; empty: policies
  bool takes_argument = false;
};

std::vector<CommandWords> words_of(const CLI::App& app);

std::string completion_for_bash(const std::vector<CommandWords>& commands);
std::string completion_for_zsh(const std::vector<CommandWords>& commands);
std::string completion_for_fish(const std::vector<CommandWords>& commands);

}  // namespace rel::cli
