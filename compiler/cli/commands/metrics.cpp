// relc metrics: how a release stands as Prometheus reads it, for a scrape by a script or for the
// text file collector of the node exporter.
#include <cstdio>
#include <memory>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "compiler/cli/command.h"
#include "runtime/host/control_client.h"
#include "runtime/host/control_socket.h"

namespace rel::cli {
namespace {

struct MetricsOptions {
  std::string release;
  std::string control;
};

int fail(const std::string& message) {
  fmt::print(stderr, "relc metrics: {}\n", message);
  return exit_failed;
}

int metrics(const MetricsOptions& options) {
  Result<std::string> path = control_path(options.control);
  if (!path) return fail(path.error().message);
  Result<ControlClient> client = ControlClient::connect(*path);
  if (!client) return fail(client.error().message);
  const nlohmann::json request = {{"verb", "metrics"}, {"release", options.release}};
  Result<std::string> line = client->ask(request.dump());
  if (!line) return fail(line.error().message);
  const auto answer = nlohmann::json::parse(*line, nullptr, false);
  if (!answer.is_object() || !answer.value("ok", false) || !answer.contains("text")) {
    return fail(answer.is_object() ? answer.value("error", "refused") : "no answer of relc");
  }
  fmt::print("{}", answer.at("text").get<std::string>());
  return std::fflush(stdout) == 0 ? exit_clean : exit_failed;
}

}  // namespace

void add_command_metrics(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("metrics", "how a release stands, for Prometheus");
  auto options = std::make_shared<MetricsOptions>();
  command->add_option("RELEASE", options->release, "name of the release")->required();
  command->add_option("--control", options->control, "unix:PATH of the running host")->required();
  command->callback([options, &exit_code] { exit_code = metrics(*options); });
}

}  // namespace rel::cli
