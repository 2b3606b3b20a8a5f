// relc report: writes the report of a release again, finished or on its way; by the running host,
// or from a state directory.
#include <cstdio>
#include <filesystem>
#include <memory>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "compiler/cli/command.h"
#include "compiler/cli/state_release.h"
#include "runtime/host/control_client.h"
#include "runtime/host/control_socket.h"
#include "runtime/host/host_time.h"
#include "runtime/host/report_again.h"

namespace rel::cli {
namespace {

struct ReportOptions {
  std::string release;
  std::string control;
  std::string state;
  std::string output;
};

int fail(const std::string& message) {
  fmt::print(stderr, "relc report: {}\n", message);
  return exit_failed;
}

int ask_host(const ReportOptions& options) {
  Result<std::string> path = control_path(options.control);
  if (!path) return fail(path.error().message);
  Result<ControlClient> client = ControlClient::connect(*path);
  if (!client) return fail(client.error().message);
  const nlohmann::json request = {{"verb", "report"}, {"release", options.release}};
  Result<std::string> line = client->ask(request.dump());
  if (!line) return fail(line.error().message);
  const auto answer = nlohmann::json::parse(*line, nullptr, false);
  if (!answer.is_object()) return fail(fmt::format("{} does not speak relc", *path));
  if (!answer.value("ok", false)) return fail(answer.value("error", "refused without a reason"));
  fmt::print("{}\n", answer.value("report", ""));
  return exit_clean;
}

int write_from_journal(const ReportOptions& options) {
  Result<StateRelease> release = read_state_release(options.state, options.release);
  if (!release) return fail(release.error().message);
  std::string folder = report_folder_of(options.state, release->plan, release->record);
  std::string name;
  if (!options.output.empty()) {
    const std::filesystem::path file(options.output);
    folder = file.has_parent_path() ? file.parent_path().string() : ".";
    name = file.filename().string();
  }
  Result<std::string> written =
      write_report_again(*release->journal, release->plan, release->record, folder, name,
                         HostClock().read().now_ns);
  if (!written) return fail(written.error().message);
  fmt::print("{}\n", *written);
  return exit_clean;
}

int report(const ReportOptions& options) {
  if (options.control.empty() == options.state.empty()) {
    return fail("choose one: --control unix:PATH of the running host, or --state DIR");
  }
  if (!options.control.empty() && !options.output.empty()) {
    return fail("a host writes into its state directory; --output goes with --state");
  }
  return options.state.empty() ? ask_host(options) : write_from_journal(options);
}

}  // namespace

void add_command_report(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("report", "write the report of a release again, Markdown and a page");
  auto options = std::make_shared<ReportOptions>();
  command->add_option("RELEASE", options->release, "name of the release")->required();
  command->add_option("--control", options->control, "unix:PATH of the running host");
  command->add_option("--state", options->state, "the state directory, when no host runs");
  command->add_option("--output", options->output,
                      "the Markdown file, with --state; the page goes beside it");
  command->callback([options, &exit_code] { exit_code = report(*options); });
}

}  // namespace rel::cli
