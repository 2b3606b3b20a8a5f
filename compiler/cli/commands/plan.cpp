// relc plan: what each stage of a release can find out, how soon, and how often it is wrong.
// Exit: 0 shown, 1 the policy is wrong, 2 usage or the world failed.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "compiler/cli/command.h"
#include "compiler/cli/findings.h"
#include "compiler/compile.h"
#include "compiler/forecast/forecast.h"

namespace rel::cli {

namespace {

struct PlanOptions {
  std::string file;
  std::string release;
  std::string format = "text";
};

int show_plan(const PlanOptions& options) {
  Sources sources;
  Diagnostics diagnostics;
  const Result<FileId> file = read_policy(sources, options.file, diagnostics);
  if (!file) {
    print_findings(stderr, Format::text, sources, diagnostics);
    return exit_failed;
  }
  const Compiled compiled = compile(sources, *file, {options.release, 1.0}, diagnostics);
  print_findings(stderr, Format::text, sources, diagnostics);
  if (diagnostics.has_errors()) return exit_findings;
  if (compiled.plans.empty()) {
    fmt::print(stderr, "relc: {} declares no release\n", options.file);
    return exit_failed;
  }
  for (size_t row = 0; row < compiled.plans.size(); ++row) {
    const Plan& plan = compiled.plans[row];
    const forecast::Forecast forecast = forecast::make_forecast(plan, compiled.expected[row]);
    if (options.format == "json") fmt::print("{}\n", forecast::forecast_json(plan, forecast));
    else fmt::print("{}{}", row == 0 ? "" : "\n", forecast::forecast_text(plan, forecast));
  }
  return exit_clean;
}

}  // namespace

void add_command_plan(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<PlanOptions>();
  CLI::App* command =
      app.add_subcommand("plan", "what each stage can detect and how fast, and its false alarms");
  command->add_option("FILE", options->file, "the policy; `-` reads standard input")->required();
  command->add_option("--release", options->release, "which release of the file");
  command->add_option("--format", options->format, "text, or json: one object a release")
      ->check(CLI::IsMember({"text", "json"}));
  command->callback([options, &exit_code] { exit_code = show_plan(*options); });
}

}  // namespace rel::cli
