// relc check: reads policies and says what is wrong with them. Nothing is run.
// Exit: 0 clean, 1 findings (warnings alone only with --deny-warnings), 2 usage or unreadable file.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compiler/cli/command.h"
#include "compiler/cli/findings.h"
#include "compiler/compile.h"

namespace rel::cli {
namespace {

namespace fs = std::filesystem;

struct CheckOptions {
  std::vector<std::string> paths;
  std::string format = "text";
  std::string release;
  bool deny_warnings = false;
};

// The policies a path stands for: itself, or every *.release below a directory, in order of name.
std::vector<std::string> policies_of(const std::string& path) {
  std::error_code ignored;  // what is no directory is read as a file, and that says what is wrong
  if (path == "-" || !fs::is_directory(path, ignored)) return {path};
  std::vector<std::string> found;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(path, options, ignored), end; at != end;
       at.increment(ignored))
    if (at->path().extension() == ".release" && !at->is_directory(ignored))
      found.push_back(at->path().string());
  std::sort(found.begin(), found.end());
  return found;
}

class Check {
 public:
  explicit Check(const CheckOptions& options)
      : options_(options), format_(format_of(options.format)) {}

  int run() {
    const std::vector<std::string> here = {"."};
    for (const std::string& path : options_.paths.empty() ? here : options_.paths) {
      const std::vector<std::string> policies = policies_of(path);
      if (policies.empty()) {
        std::fprintf(stderr, "relc: no *.release file below `%s`\n", path.c_str());
        failed_ = true;
      }
      for (const std::string& policy : policies)
        if (seen_.insert(policy).second) check(policy);
    }
    if (format_ != Format::json) summary();
    if (failed_) return exit_failed;
    const bool warned = options_.deny_warnings && counts_.warnings > 0;
    return counts_.errors > 0 || warned ? exit_findings : exit_clean;
  }

 private:
  void check(const std::string& path) {
    Sources sources;
    Diagnostics diagnostics;
    ++files_;
    if (const Result<FileId> file = read_policy(sources, path, diagnostics))
      compile(sources, *file, CompileOptions{options_.release}, diagnostics);
    else
      failed_ = true;
    diagnostics.sort();
    counts_.add(diagnostics);
    print_findings(stdout, format_, sources, diagnostics);
    if (!diagnostics.all().empty() && example_.empty())
      example_ = info_of(diagnostics.all().front().code).id;
  }

  void summary() const {
    std::fflush(stdout);
    std::fprintf(stderr, "relc: %s in %zu file%s", describe(counts_).c_str(), files_,
                 files_ == 1 ? "" : "s");
    if (!example_.empty()) std::fprintf(stderr, "; `relc explain %s` says more", example_.c_str());
    std::fputs("\n", stderr);
  }

  const CheckOptions& options_;
  Format format_;
  FindingCounts counts_;
  std::set<std::string> seen_;
  std::string example_;
  size_t files_ = 0;
  bool failed_ = false;
};

}  // namespace

void add_command_check(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand("check", "say what is wrong with policies");
  command->add_option("PATH", options->paths,
                      "policy files, directories with *.release files (the current one when none "
                      "is given), or - for standard input");
  command->add_option("--format", options->format, format_help)
      ->check(CLI::Validator(check_format, "FORMAT"));
  command->add_option("--release", options->release, "check only this release");
  command->add_flag("--deny-warnings", options->deny_warnings, "warnings are findings, too");
  command->callback([options, &exit_code] { exit_code = Check(*options).run(); });
}

}  // namespace rel::cli
