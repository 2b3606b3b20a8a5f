// relc why: what decided, as a paragraph; from the running host or from a state directory.
#include <cstdio>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "compiler/cli/command.h"
#include "runtime/host/control_client.h"
#include "runtime/host/control_socket.h"
#include "runtime/host/why_text.h"
#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

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

// The latest run of that name.
int read_journal(const WhyOptions& options) {
  Result<std::unique_ptr<Journal>> journal =
      Journal::open({.path = options.state + "/journal.sqlite", .mode = JournalMode::read_only});
  if (!journal) return fail(journal.error().message);
  Result<std::vector<ReleaseRecord>> releases = (*journal)->releases();
  if (!releases) return fail(releases.error().message);
  const ReleaseRecord* found = nullptr;
  for (const ReleaseRecord& record : *releases) {
    if (record.name == options.release) found = &record;
  }
  if (found == nullptr) {
    return fail(fmt::format("{} has no release `{}`", options.state, options.release));
  }
  Result<Plan> plan = load_plan(found->plan);
  if (!plan) return fail(plan.error().message);
  auto log = (*journal)->decisions(found->id, 0, INT64_MAX);
  if (!log) return fail(log.error().message);
  Result<size_t> index = find_decision(*log, options.decision);
  if (!index) return fail(index.error().message);
  fmt::print("{}", why_text(*plan, *log, *index));
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
