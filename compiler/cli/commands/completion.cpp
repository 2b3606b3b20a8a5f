// relc completion: the completion script of a shell, on standard output.
#include <cstdio>
#include <memory>
#include <string>

#include "compiler/cli/command.h"
#include "compiler/cli/completion.h"

namespace rel::cli {

void add_command_completion(CLI::App& app, int& exit_code) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "print the completion script of a shell");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, shell, &exit_code] {
    const std::vector<CommandWords> words = words_of(app);
    const std::string script = *shell == "bash"  ? completion_for_bash(words)
                               : *shell == "zsh" ? completion_for_zsh(words)
                                                 : completion_for_fish(words);
    std::fwrite(script.data(), 1, script.size(), stdout);
    exit_code = exit_clean;
  });
}

}  // namespace rel::cli
