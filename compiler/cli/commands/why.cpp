// relc why: what decided, as a paragraph; from the running host or from a state directory.
#include <cstdio>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "compiler/cli/command.h"
#include "compiler/cli/state_release.h"
#include "runtime/host/control_client.h"
#include "runtime/host/control_socket.h"
#include "runtime/host/plan_history.h"
#include "runtime/host/why_text.h"

namespace rel::cli {
namespace {

struct WhyOptions {
  std::string release;
  std::string decision;
  std::string control;
  std::string state;
};

int fail(const std::string& message) {
  fmt::print(stderr, "relc why: {}\n", message);
  return exit_failed;
}

int ask_host(const WhyOptions& options) {
  using Json = nlohmann::ordered_json;
  Result<std::string> path = control_path(options.control);
  if (!path) return fail(path.error().message);
  Result<ControlClient> client = ControlClient::connect(*path);
  if (!client) return fail(client.error().message);
  const Json request = {
      {"verb", "why"}, {"release", options.release}, {"decision", options.decision}};
  Result<std::string> line = client->ask(request.dump());
  if (!line) return fail(line.error().message);
  const Json answer = Json::parse(*line, nullptr, false);
  if (!answer.is_object()) return fail(fmt::format("{} does not speak relc", *path));
  if (!answer.value("ok", false)) return fail(answer.value("error", "refused without a reason"));
  fmt::print("{}", answer.value("why", ""));
  return exit_clean;
}

int read_journal(const WhyOptions& options) {
  Result<StateRelease> release = read_state_release(options.state, options.release);
  if (!release) return fail(release.error().message);
  Result<PlanHistory> plans = PlanHistory::read(*release->journal, release->record);
  if (!plans) return fail(plans.error().message);
  auto log = release->journal->decisions(release->record.id, 0, INT64_MAX);
  if (!log) return fail(log.error().message);
  Result<size_t> index = find_decision(*log, options.decision);
  if (!index) return fail(index.error().message);
  fmt::print("{}", why_text(plans->at((*log)[*index].sequence), *log, *index));
  return exit_clean;
}

int explain_decision(const WhyOptions& options) {
  if (options.control.empty() == options.state.empty()) {
    return fail("choose one: --control unix:PATH of the running host, or --state DIR");
  }
  return options.state.empty() ? ask_host(options) : read_journal(options);
}

}  // namespace

void add_command_why(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("why", "say in a paragraph what decided");
  auto options = std::make_shared<WhyOptions>();
  command->add_option("RELEASE", options->release, "name of the release")->required();
  command->add_option("DECISION", options->decision,
                      "its number in the log, or a kind such as rolled_back; otherwise the last");
  command->add_option("--control", options->control, "unix:PATH of the running host");
  command->add_option("--state", options->state, "the state directory, when no host runs");
  command->callback([options, &exit_code] { exit_code = explain_decision(*options); });
}

}  // namespace rel::cli
