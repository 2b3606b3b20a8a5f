// The words of the commands, and three shells' ways to offer them.
#include "compiler/cli/completion.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/diagnostics/diagnostic.h"

namespace rel::cli {
namespace {

// `TEXT:{text,json}`: what an option with a set of values calls its type.
std::vector<std::string> values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  const size_t close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return {};
  std::vector<std::string> made;
  for (size_t at = open + 1; at <= close;) {
    const size_t end = std::min(type.find(',', at), close);
    made.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return made;
}

std::string joined(const std::vector<std::string>& words) {
  std::string made;
  for (const std::string& each : words) made += (made.empty() ? "" : " ") + each;
  return made;
}

std::string option_names(const CommandWords& command) {
  std::vector<std::string> names;
  for (const OptionWords& each : command.options) names.push_back(each.name);
  return joined(names);
}

// In single quotes: `'` ends the text, and signs a shell's completion reads are left out.
std::string plain(const std::string& text, std::string_view special) {
  std::string made;
  for (const char c : text)
    if (special.find(c) == std::string_view::npos) made += c;
  return made;
}

}  // namespace

std::vector<CommandWords> words_of(const CLI::App& app) {
  std::vector<CommandWords> made;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    CommandWords& words = made.emplace_back();
    words.name = command->get_name();
    words.description = command->get_description();
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_lnames().empty()) {
        words.takes_argument = true;
        words.values = values_of(*option);
        continue;
      }
      words.options.push_back(OptionWords{"--" + option->get_lnames().front(),
                                          option->get_description(),
                                          option->get_items_expected_max() > 0,
                                          values_of(*option)});
    }
    if (words.name == "explain")
      for (const CodeInfo& each : all_codes()) {
        words.values.emplace_back(each.id);
        words.values.emplace_back(each.slug);
      }
  }
  return made;
}

std::string completion_for_bash(const std::vector<CommandWords>& commands) {
  std::string names, values, options, arguments;
  for (const CommandWords& each : commands) {
    names += (names.empty() ? "" : " ") + each.name;
    options += fmt::format("      {}) words=\"{}\" ;;\n", each.name, option_names(each));
    for (const OptionWords& option : each.options)
      if (option.takes_value)
        values += option.values.empty()
                      ? fmt::format("    {}:{}) _relc_files \"*\"; return ;;\n", each.name,
                                    option.name)
                      : fmt::format("    {}:{}) _relc_words \"{}\"; return ;;\n", each.name,
                                    option.name, joined(option.values));
    if (!each.values.empty())
      arguments += fmt::format("    {}) _relc_words \"{}\" ;;\n", each.name, joined(each.values));
  }
  return "# bash completion of relc: source it, or put it as `relc` into bash-completion's "
         "folder.\n"
         "_relc_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
         "_relc_files() { mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"; "
         "compgen -f -X \"!$1\" -- \"$cur\"); }\n"
         "_relc() {\n"
         "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  local command=\"\" words=\"\" i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    [[ \"${COMP_WORDS[i]}\" == -* ]] || { command=\"${COMP_WORDS[i]}\"; break; }\n"
         "  done\n"
         "  case \"$command:$prev\" in\n" +
         values +
         "  esac\n"
         "  if [[ \"$cur\" == -* ]]; then\n"
         "    case \"$command\" in\n" +
         options +
         "      *) words=\"--help --version\" ;;\n"
         "    esac\n"
         "    _relc_words \"$words\"\n"
         "    return\n"
         "  fi\n"
         "  case \"$command\" in\n"
         "    \"\") _relc_words \"" +
         names + "\" ;;\n" + arguments +
         "    *) _relc_files \"*.release\" ;;\n"
         "  esac\n"
         "}\n"
         "complete -o filenames -F _relc relc\n";
}

std::string completion_for_zsh(const std::vector<CommandWords>& commands) {
  std::string names, cases;
  for (const CommandWords& each : commands) {
    names += fmt::format("    '{}:{}'\n", each.name, plain(each.description, "':"));
    cases += fmt::format("    {})\n      _arguments", each.name);
    for (const OptionWords& option : each.options) {
      const std::string value =
          !option.takes_value    ? ""
          : option.values.empty() ? ":value:_files"
                                  : ":value:(" + joined(option.values) + ")";
      cases += fmt::format(" \\\n        '{}[{}]{}'", option.name,
                           plain(option.description, "'[]:"), value);
    }
    if (each.takes_argument)
      cases += each.values.empty()
                   ? std::string(" \\\n        '*:policy:_files -g \"*.release\"'")
                   : " \\\n        '*:argument:(" + joined(each.values) + ")'";
    cases += "\n      ;;\n";
  }
  return "#compdef relc\n"
         "# zsh completion of relc: put it into a folder of $fpath as `_relc`, or source it.\n"
         "_relc() {\n"
         "  local -a commands\n"
         "  local state\n"
         "  commands=(\n" +
         names +
         "  )\n"
         "  _arguments -C '--help[help]' '--version[version]' '1: :->command' '*:: :->argument'\n"
         "  case $state in\n"
         "  command) _describe command commands ;;\n"
         "  argument)\n"
         "    case $words[1] in\n" +
         cases +
         "    esac\n"
         "    ;;\n"
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _relc ]; then _relc \"$@\"; else compdef _relc relc; fi\n";
}

std::string completion_for_fish(const std::vector<CommandWords>& commands) {
  std::string out =
      "# fish completion of relc: put it into ~/.config/fish/completions as `relc.fish`.\n"
      "complete -c relc -f\n";
  for (const CommandWords& each : commands) {
    const std::string here = "complete -c relc -n '__fish_seen_subcommand_from " + each.name + "' ";
    out += fmt::format("complete -c relc -n __fish_use_subcommand -a {} -d '{}'\n", each.name,
                       plain(each.description, "'\\"));
    for (const OptionWords& option : each.options) {
      const std::string value = !option.takes_value     ? ""
                                : option.values.empty() ? " -r -F"
                                                        : " -x -a '" + joined(option.values) + "'";
      out += fmt::format("{}-l {}{} -d '{}'\n", here, option.name.substr(2), value,
                         plain(option.description, "'\\"));
    }
    if (each.takes_argument)
      out += here + (each.values.empty() ? "-k -a '(__fish_complete_suffix .release)'"
                                         : "-a '" + joined(each.values) + "'") +
             "\n";
  }
  return out;
}

}  // namespace rel::cli
