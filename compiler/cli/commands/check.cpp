// relc check: reads policies and says what is wrong with them. Nothing is run.
// Exit: 0 clean, 1 findings (warnings alone only with --deny-warnings), 2 usage or unreadable file.
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "compiler/cli/command.h"
#include "compiler/cli/findings.h"
#include "compiler/cli/policy_paths.h"
#include "compiler/cli/whole_file.h"
#include "compiler/compile.h"
#include "compiler/diagnostics/fixes.h"
#include "compiler/diagnostics/render_sarif.h"

namespace rel::cli {
namespace {

struct CheckOptions {
  std::vector<std::string> paths;
  std::string format = "text";
  std::string release;
  bool deny_warnings = false;
  bool fix = false;
};

// A fix can make room for another, such as one it overlapped.
constexpr size_t fix_rounds_max = 16;

size_t errors_of(const Diagnostics& diagnostics) {
  FindingCounts counts;
  counts.add(diagnostics);
  return counts.errors;
}

class Check {
 public:
  explicit Check(const CheckOptions& options)
      : options_(options),
        format_(format_of(options.format)),
        // With `--fix -` the fixed policy is what standard output is for.
        out_(options.fix && options.paths == std::vector<std::string>{"-"} ? stderr : stdout) {}

  int run() {
    const std::vector<std::string> here = {"."};
    bool found_all = true;
    for (const std::string& policy :
         policies_of_all(options_.paths.empty() ? here : options_.paths, found_all))
      check(policy);
    failed_ = failed_ || !found_all;
    if (format_ == Format::sarif) std::fputs(log_.text().c_str(), out_);
    if (format_ != Format::json && format_ != Format::sarif) summary();
    if (failed_) return exit_failed;
    const bool warned = options_.deny_warnings && counts_.warnings > 0;
    return counts_.errors > 0 || warned ? exit_findings : exit_clean;
  }

 private:
  void check(const std::string& path) {
    auto sources = std::make_unique<Sources>();
    auto diagnostics = std::make_unique<Diagnostics>();
    ++files_;
    if (const Result<FileId> file = read_policy(*sources, path, *diagnostics)) {
      compile(*sources, *file, CompileOptions{options_.release}, *diagnostics);
      if (options_.fix) fix(path, *file, sources, diagnostics);
    } else {
      failed_ = true;
    }
    diagnostics->sort();
    // What is wrong with a file that several policies import is said once.
    diagnostics->keep([&](const Diagnostic& each) { return is_news(*sources, each); });
    counts_.add(*diagnostics);
    if (format_ == Format::sarif)
      log_.add(*sources, diagnostics->all());
    else
      print_findings(out_, format_, *sources, *diagnostics);
    if (!diagnostics->all().empty() && example_.empty())
      example_ = info_of(diagnostics->all().front().code).id;
  }

  bool is_news(const Sources& sources, const Diagnostic& each) {
    if (!sources.has(each.span.file)) return true;
    return reported_
        .emplace(sources.file(each.span.file).path, each.span.offset, each.code, each.message)
        .second;
  }

  // Applies safe fixes round by round, then writes the file once, whole. A round that leaves more
  // errors than it found is not taken.
  void fix(const std::string& path, FileId file, std::unique_ptr<Sources>& sources,
           std::unique_ptr<Diagnostics>& diagnostics) {
    const std::string before = sources->file(file).text;
    std::string text = before;
    size_t applied = 0;
    for (size_t round = 0; round < fix_rounds_max; ++round) {
      FixedText fixed = apply_safe_fixes(text, file, diagnostics->all());
      if (fixed.applied == 0) break;
      auto next_sources = std::make_unique<Sources>();
      auto next = std::make_unique<Diagnostics>();
      const FileId again = next_sources->add(path, fixed.text);
      compile(*next_sources, again, CompileOptions{options_.release}, *next);
      if (errors_of(*next) > errors_of(*diagnostics)) break;
      sources = std::move(next_sources);
      diagnostics = std::move(next);
      text = std::move(fixed.text);
      applied += fixed.applied;
    }
    if (path == "-") {
      std::fwrite(text.data(), 1, text.size(), stdout);
    } else if (applied > 0) {
      if (const Status written = replace_file(path, text); !written) {
        std::fprintf(stderr, "relc: %s\n", written.error().message.c_str());
        failed_ = true;
        return;
      }
    }
    fixed_ += applied;
  }

  void summary() const {
    std::fflush(stdout);
    std::fprintf(stderr, "relc: ");
    if (options_.fix) std::fprintf(stderr, "%zu fixed; ", fixed_);
    std::fprintf(stderr, "%s in %zu file%s", describe(counts_).c_str(), files_,
                 files_ == 1 ? "" : "s");
    if (!example_.empty()) std::fprintf(stderr, "; `relc explain %s` says more", example_.c_str());
    std::fputs("\n", stderr);
  }

  const CheckOptions& options_;
  Format format_;
  std::FILE* out_;
  FindingCounts counts_;
  SarifLog log_;
  std::set<std::tuple<std::string, uint32_t, Code, std::string>> reported_;
  std::string example_;
  size_t files_ = 0;
  size_t fixed_ = 0;
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
      ->check(CLI::IsMember({"text", "short", "json", "sarif", "github"}));
  command->add_option("--release", options->release, "check only this release");
  command->add_flag("--deny-warnings", options->deny_warnings, "warnings are findings, too");
  command->add_flag("--fix", options->fix,
                    "apply the safe fixes; with -, the fixed policy goes to standard output");
  command->callback([options, &exit_code] { exit_code = Check(*options).run(); });
}

}  // namespace rel::cli
