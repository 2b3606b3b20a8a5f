// relc status: how a release stands now, from its running host; --watch follows it to its end.
#include <poll.h>
#include <unistd.h>

#include <cstdio>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "compiler/cli/command.h"
#include "runtime/base/time_text.h"
#include "runtime/host/control_client.h"
#include "runtime/host/control_socket.h"
#include "runtime/stage/quantity_text.h"

namespace rel::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int watch_milliseconds = 500;

struct StatusOptions {
  std::string release;
  std::string control;
  std::string format = "text";
  bool watch = false;
};

int fail(const std::string& message) {
  fmt::print(stderr, "relc status: {}\n", message);
  return exit_failed;
}

std::string seconds_text(const Json& seconds) {
  return duration_text(static_cast<int64_t>(seconds.get<double>() * 1e9));
}

std::string quantity(const Json& value, const std::string& unit_word) {
  for (int u = 0; u <= static_cast<int>(PlanUnit::per_second); u++) {
    const PlanUnit unit = static_cast<PlanUnit>(u);
    if (unit_name(unit) == unit_word) return quantity_text(value.get<double>(), unit);
  }
  return fmt::format("{} {}", value.dump(), unit_word);
}

std::string share_text_of(const Json& share) {
  return quantity_text(share.get<double>(), PlanUnit::ratio);
}

std::string head_text(const Json& status) {
  std::string text = fmt::format("{} of {}: {}, {} to the candidate\n",
                                 status.at("release").get<std::string>(),
                                 status.at("model").get<std::string>(),
                                 status.at("phase").get<std::string>(),
                                 share_text_of(status.at("share")));
  if (!status.at("blocked").is_null()) {
    text += fmt::format("does not start: {}\n", status.at("blocked").get<std::string>());
  }
  if (!status.at("stage").is_null()) {
    text += fmt::format("stage {}, step {} of {}, {} of {}\n",
                        status.at("stage").get<std::string>(), status.at("step").dump(),
                        status.at("steps").dump(), seconds_text(status.at("step_clock_s")),
                        seconds_text(status.at("step_duration_s")));
  }
  if (!status.at("held_because").is_null()) {
    text += fmt::format("held: {}\n", status.at("held_because").get<std::string>());
  }
  const Json& journal = status.at("journal");
  if (!journal.at("ok").get<bool>()) {
    text += fmt::format("journal fails, nothing is raised: {}\n",
                        journal.at("error").get<std::string>());
  }
  return text;
}

std::string trigger_text(const Json& trigger) {
  std::string state = trigger.at("verdict");
  if (trigger.at("condition").get<bool>() && trigger.at("for_s").get<double>() > 0) {
    state += fmt::format(", true for {} of {}", seconds_text(trigger.at("pending_s")),
                         seconds_text(trigger.at("for_s")));
  }
  return fmt::format("  {:<24} {}\n", state, trigger.at("rule").get<std::string>());
}

std::string aggregate_line(const Json& aggregate) {
  const std::string value =
      aggregate.at("unknown").is_null()
          ? quantity(aggregate.at("value"), aggregate.at("unit").get<std::string>())
          : aggregate.at("unknown").get<std::string>();
  std::string name = aggregate.at("expr");
  if (!aggregate.at("cell").is_null()) name += " " + aggregate.at("cell").get<std::string>();
  return fmt::format("  {:<14} {:>10} samples  {}\n", value, aggregate.at("samples").dump(), name);
}

std::string action_text(const Json& action) {
  return fmt::format("  {:<8} {}: {}\n", action.at("status").get<std::string>(),
                     action.at("action").get<std::string>(),
                     action.at("detail").get<std::string>());
}

std::string status_text(const Json& status) {
  std::string text = head_text(status);
  const auto section = [&](const char* title, const char* key, auto line) {
    if (status.at(key).empty()) return;
    text += title;
    for (const Json& row : status.at(key)) text += line(row);
  };
  section("triggers\n", "triggers", trigger_text);
  section("numbers\n", "aggregates", aggregate_line);
  section("way back\n", "actions", action_text);
  return text;
}

Result<Json> ask_status(ControlClient& client, const StatusOptions& options) {
  const Json request = {{"verb", "status"}, {"release", options.release}};
  Result<std::string> line = client.ask(request.dump());
  if (!line) return line.error();
  Json answer = Json::parse(*line, nullptr, false);
  if (!answer.is_object()) return Error{"the answer is not of relc"};
  if (!answer.value("ok", false)) return Error{answer.value("error", "refused without a reason")};
  return std::move(answer.at("status"));
}

int show_status(const StatusOptions& options) {
  Result<std::string> path = control_path(options.control);
  if (!path) return fail(path.error().message);
  Result<ControlClient> client = ControlClient::connect(*path);
  if (!client) return fail(client.error().message);
  const bool redraw = options.watch && options.format == "text" && isatty(STDOUT_FILENO);
  while (true) {
    Result<Json> status = ask_status(*client, options);
    if (!status) return fail(status.error().message);
    if (redraw) fmt::print("\x1b[H\x1b[2J");
    fmt::print("{}", options.format == "json" ? status->dump() + "\n" : status_text(*status));
    std::fflush(stdout);
    if (!options.watch || status->at("settled").get<bool>()) return exit_clean;
    if (!redraw && options.format == "text") fmt::print("\n");
    poll(nullptr, 0, watch_milliseconds);
  }
}

int show_status_safely(const StatusOptions& options) {
  try {
    return show_status(options);
  } catch (const nlohmann::json::exception& error) {
    return fail(fmt::format("the answer cannot be read: {}", error.what()));
  }
}

}  // namespace

void add_command_status(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("status", "show how a release stands");
  auto options = std::make_shared<StatusOptions>();
  command->add_option("RELEASE", options->release, "name of the release")->required();
  command->add_option("--control", options->control, "unix:PATH of the running host")->required();
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_flag("--watch", options->watch, "again every half second until the release ends");
  command->callback([options, &exit_code] { exit_code = show_status_safely(*options); });
}

}  // namespace rel::cli
