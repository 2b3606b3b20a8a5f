// relc status: how a release stands now, from its running host; --watch follows it to its end.
#include <poll.h>
#include <unistd.h>

#include <cstdio>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "compiler/cli/command.h"
#include "compiler/cli/status_view.h"
#include "runtime/host/control_client.h"
#include "runtime/host/control_socket.h"

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
  const bool terminal = options.format == "text" && isatty(STDOUT_FILENO);
  const ViewStyle style = terminal ? ViewStyle::terminal : ViewStyle::plain;
  const bool redraw = options.watch && options.format == "text" && isatty(STDOUT_FILENO);
  while (true) {
    Result<Json> status = ask_status(*client, options);
    if (!status) return fail(status.error().message);
    if (redraw) fmt::print("\x1b[H\x1b[2J");
    const bool json = options.format == "json";
    fmt::print("{}", json ? status->dump() + "\n" : status_text(*status, style));
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
