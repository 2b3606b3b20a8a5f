// relc: the entry point. Every command is a file of its own in cli/commands.
#include <exception>

#include <fmt/core.h>

#include "compiler/cli/command.h"
#include "compiler/version.h"

int main(int argc, char** argv) {
  CLI::App app{"Relc: releases of AI models that are checked, watched and taken back", "relc"};
  app.set_version_flag("--version", std::string("relc ") + rel::version);
  app.require_subcommand(1);
  int exit_code = rel::cli::exit_clean;
  for (rel::cli::AddCommand add : rel::cli::command_table()) add(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version end here too, with success.
    return app.exit(error) == 0 ? rel::cli::exit_clean : rel::cli::exit_failed;
  } catch (const std::exception& error) {
    fmt::print(stderr, "relc: {}\n", error.what());
    return rel::cli::exit_failed;
  }
  return exit_code;
}
