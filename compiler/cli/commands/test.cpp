// relc test: runs the `test` blocks of policies, in virtual time, through the runtime.
// Exit: 0 all pass, 1 a test fails or a policy has errors, 2 usage or unreadable file.
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "compiler/cli/command.h"
#include "compiler/cli/findings.h"
#include "compiler/cli/policy_paths.h"
#include "compiler/compile.h"
#include "compiler/testing/report.h"

namespace rel::cli {
namespace {

using testing::Coverage;
using testing::Paint;
using testing::TestRun;

struct TestOptions {
  std::vector<std::string> paths;
  std::string format = "text";
  std::string only;
  bool log = false;
};

void write(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

class Tests {
 public:
  explicit Tests(const TestOptions& options)
      : options_(options),
        json_(options.format == "json"),
        paint_(is_painted(stdout) ? Paint::colour : Paint::plain) {}

  int run() {
    const std::vector<std::string> here = {"."};
    bool found_all = true;
    for (const std::string& policy :
         policies_of_all(options_.paths.empty() ? here : options_.paths, found_all))
      run_file(policy);
    failed_ = failed_ || !found_all;
    summary();
    if (failed_) return exit_failed;
    return failures_ > 0 || refused_ > 0 ? exit_findings : exit_clean;
  }

 private:
  void run_file(const std::string& path) {
    Sources sources;
    Diagnostics diagnostics;
    const Result<FileId> file = read_policy(sources, path, diagnostics);
    Compiled compiled;
    if (file) compiled = compile(sources, *file, CompileOptions{}, diagnostics);
    else failed_ = true;
    if (diagnostics.has_errors()) {
      diagnostics.sort();
      print_findings(stderr, Format::text, sources, diagnostics);
      ++refused_;
      return;
    }
    if (!compiled.policy.tests.empty()) run_tests(sources, compiled);
  }

  void run_tests(const Sources& sources, const Compiled& compiled) {
    const sema::TypedPolicy& policy = compiled.policy;
    std::map<uint32_t, Coverage> coverage;  // by release
    if (!json_) write(sources.file(policy.file).path + "\n");
    bool all = true;
    for (const sema::TypedTest& test : policy.tests) {
      if (test.name.find(options_.only) == std::string::npos) {
        all = false;
        continue;
      }
      const Plan& plan = compiled.plans[test.release];
      const Result<TestRun> run = testing::run_test(policy, test, plan);
      if (!run) {
        std::fprintf(stderr, "relc test: %s: %s\n", test.name.c_str(),
                     run.error().message.c_str());
        failed_ = true;
        continue;
      }
      ++count_;
      failures_ += run->passed() ? 0 : 1;
      const auto show = options_.log ? testing::ShowLog::every : testing::ShowLog::failed;
      write(json_ ? testing::test_json(sources, policy, *run)
                  : testing::test_text(sources, policy, *run, paint_, show));
      Coverage& release = coverage[test.release];
      release.plan = &plan;
      release.add(*run);
    }
    if (!all) return;  // coverage of a part says nothing
    for (const auto& [row, each] : coverage)
      write(json_ ? testing::coverage_json(each) : testing::coverage_text(each, paint_));
  }

  void summary() const {
    if (json_) {
      const nlohmann::ordered_json line{{"type", "summary"},
                                        {"tests", count_},
                                        {"failed", failures_},
                                        {"policies_refused", refused_}};
      write(line.dump() + "\n");
      return;
    }
    std::fflush(stdout);
    std::fprintf(stderr, "relc: %zu test%s, %zu failed", count_, count_ == 1 ? "" : "s",
                 failures_);
    if (refused_ > 0)
      std::fprintf(stderr, "; %zu polic%s with errors", refused_, refused_ == 1 ? "y" : "ies");
    std::fputs("\n", stderr);
  }

  const TestOptions& options_;
  bool json_;
  Paint paint_;
  size_t count_ = 0;
  size_t failures_ = 0;
  size_t refused_ = 0;
  bool failed_ = false;
};

}  // namespace

void add_command_test(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<TestOptions>();
  CLI::App* command = app.add_subcommand("test", "run the test blocks of policies");
  command->add_option("PATH", options->paths,
                      "policy files, or directories with *.release files (the current one when "
                      "none is given)");
  command->add_option("--format", options->format, "text, or json: one object a line")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("--only", options->only, "tests with this in their name");
  command->add_flag("--log", options->log, "show the decisions of tests that pass, too");
  command->callback([options, &exit_code] { exit_code = Tests(*options).run(); });
}

}  // namespace rel::cli
