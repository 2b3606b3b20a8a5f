// relc emit: what a policy says, for the systems and people around it.
#include <cstdio>
#include <memory>

#include <fmt/core.h>

#include "compiler/cli/command.h"
#include "compiler/cli/policy_file.h"
#include "compiler/emit/emit.h"

namespace rel::cli {
namespace {

struct EmitOptions {
  std::string what;
  PolicyFile policy;
  std::string tests;
};

int emit(const EmitOptions& options) {
  const Result<Plan> plan = load_policy_file(options.policy);
  if (!plan) {
    fmt::print(stderr, "relc emit: {}\n", plan.error().message);
    return exit_failed;
  }
  std::string text;
  const bool rules = options.what == "prometheus-rules";
  if (rules && !options.tests.empty()) text = emitted::prometheus_tests(*plan, options.tests);
  else if (rules) text = emitted::prometheus_rules(*plan);
  else if (options.what == "grafana") text = emitted::grafana_dashboard(*plan);
  else text = emitted::runbook(*plan);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (std::fflush(stdout) == 0) return exit_clean;
  fmt::print(stderr, "relc emit: standard output cannot be written\n");
  return exit_failed;
}

}  // namespace

void add_command_emit(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "emit", "write alert rules, a dashboard or the rollback plan of a policy");
  auto options = std::make_shared<EmitOptions>();
  command->add_option("WHAT", options->what, "prometheus-rules, grafana or runbook")
      ->required()
      ->check(CLI::IsMember({"prometheus-rules", "grafana", "runbook"}));
  command->add_option("FILE", options->policy.path, "the policy, or a built plan")->required();
  command->add_option("--release", options->policy.release, "the release, when FILE has several");
  command->add_option("--tests", options->tests,
                      "with prometheus-rules: the tests of the rule file of this name, for "
                      "`promtool test rules`");
  command->callback([options, &exit_code] { exit_code = emit(*options); });
}

}  // namespace rel::cli
