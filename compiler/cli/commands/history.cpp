// relc history: what a release decided and why, from its running host or from its state directory.
#include <cstdio>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "compiler/cli/command.h"
#include "runtime/host/control_client.h"
#include "runtime/host/control_socket.h"
#include "runtime/journal/journal.h"
#include "runtime/journal/log_text.h"
#include "runtime/plan/plan.h"

namespace rel::cli {
namespace {

struct HistoryOptions {
  std::string release;
  std::string control;
  std::string state;
  std::string format = "text";
};

int fail(const std::string& message) {
  fmt::print(stderr, "relc history: {}\n", message);
  return exit_failed;
}

int print_journal(const HistoryOptions& options) {
  Result<std::unique_ptr<Journal>> journal =
      Journal::open({.path = options.state + "/journal.sqlite", .mode = JournalMode::read_only});
  if (!journal) return fail(journal.error().message);
  Result<std::vector<ReleaseRecord>> releases = (*journal)->releases();
  if (!releases) return fail(releases.error().message);
  std::string known;
  bool found = false;
  for (const ReleaseRecord& record : *releases) {
    known += (known.empty() ? "" : ", ") + record.name;
    if (record.name != options.release) continue;
    found = true;
    Result<Plan> plan = load_plan(record.plan);
    if (!plan) return fail(plan.error().message);
    auto logged = (*journal)->decisions(record.id, 0, INT64_MAX);
    if (!logged) return fail(logged.error().message);
    for (const LoggedDecision& one : *logged) {
      fmt::print("{}\n", options.format == "json" ? logged_json(*plan, one.entry)
                                                  : logged_line(*plan, one.entry));
    }
  }
  if (found) return exit_clean;
  return fail(fmt::format("{} has no release `{}`; it has {}", options.state, options.release,
                          known.empty() ? "none" : known));
}

int print_control(const HistoryOptions& options) {
  using Json = nlohmann::ordered_json;
  Result<std::string> path = control_path(options.control);
  if (!path) return fail(path.error().message);
  Result<ControlClient> client = ControlClient::connect(*path);
  if (!client) return fail(client.error().message);
  int64_t since = 0;
  while (true) {
    const Json request = {
        {"verb", "history"}, {"release", options.release}, {"since", since}};
    Result<std::string> line = client->ask(request.dump());
    if (!line) return fail(line.error().message);
    const Json answer = Json::parse(*line, nullptr, false);
    if (!answer.is_object()) return fail(fmt::format("{} does not speak relc", *path));
    if (!answer.value("ok", false)) return fail(answer.value("error", "refused without a reason"));
    for (const Json& one : answer.at("decisions")) {
      since = one.at("sequence").get<int64_t>();
      fmt::print("{}\n", options.format == "json" ? one.at("decision").dump()
                                                  : one.at("line").get<std::string>());
    }
    if (!answer.at("more").get<bool>()) return exit_clean;
  }
}

int print_history(const HistoryOptions& options) {
  if (options.control.empty() == options.state.empty()) {
    return fail("choose one: --control unix:PATH of the running host, or --state DIR");
  }
  try {
    return options.state.empty() ? print_control(options) : print_journal(options);
  } catch (const nlohmann::json::exception& error) {
    return fail(fmt::format("the answer cannot be read: {}", error.what()));
  }
}

}  // namespace

void add_command_history(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("history", "show what a release decided, and why");
  auto options = std::make_shared<HistoryOptions>();
  command->add_option("RELEASE", options->release, "name of the release")->required();
  command->add_option("--control", options->control, "unix:PATH of the running host");
  command->add_option("--state", options->state, "the state directory, when no host runs");
  command->add_option("--format", options->format, "text, or json: one object a line")
      ->check(CLI::IsMember({"text", "json"}));
  command->callback([options, &exit_code] { exit_code = print_history(*options); });
}

}  // namespace rel::cli
