// relc fmt: writes policies in the one layout. Only white space and `;` change.
// Exit: 0 clean, 1 syntax errors (or, with --check, a file that would change), 2 usage, world.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "compiler/cli/command.h"
#include "compiler/cli/findings.h"
#include "compiler/cli/policy_paths.h"
#include "compiler/cli/whole_file.h"
#include "compiler/format/format.h"

namespace rel::cli {
namespace {

struct FmtOptions {
  std::vector<std::string> paths;
  bool check = false;
};

class Fmt {
 public:
  explicit Fmt(const FmtOptions& options) : options_(options) {}

  int run() {
    bool found_all = true;
    for (const std::string& path : policies_of_all(options_.paths, found_all)) format(path);
    if (failed_ || !found_all) return exit_failed;
    return findings_ ? exit_findings : exit_clean;
  }

 private:
  void format(const std::string& path) {
    Sources sources;
    Diagnostics diagnostics;
    const Result<FileId> file = read_policy(sources, path, diagnostics);
    failed_ = failed_ || !file;
    const auto made = file ? format_policy(sources, *file, diagnostics) : std::nullopt;
    if (!made) {
      diagnostics.sort();
      print_findings(stderr, Format::text, sources, diagnostics);
      findings_ = true;
    } else if (options_.check) {
      report(path, *made == sources.file(*file).text);
    } else {
      write(path, *made, sources.file(*file).text);
    }
  }

  void report(const std::string& path, bool same) {
    if (same) return;
    std::printf("%s\n", path.c_str());
    findings_ = true;
  }

  void write(const std::string& path, const std::string& made, const std::string& before) {
    if (path == "-") {
      std::fwrite(made.data(), 1, made.size(), stdout);
    } else if (made != before) {
      const Status written = replace_file(path, made);
      if (written) return;
      std::fprintf(stderr, "relc: %s\n", written.error().message.c_str());
      failed_ = true;
    }
  }

  const FmtOptions& options_;
  bool findings_ = false;
  bool failed_ = false;
};

}  // namespace

void add_command_fmt(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<FmtOptions>();
  CLI::App* command = app.add_subcommand("fmt", "write policies in the one layout");
  command
      ->add_option("PATH", options->paths,
                   "policy files, directories with *.release files, or - for standard input, which "
                   "is written to standard output")
      ->required();
  command->add_flag("--check", options->check, "change nothing; list the files that would change");
  command->callback([options, &exit_code] { exit_code = Fmt(*options).run(); });
}

}  // namespace rel::cli
