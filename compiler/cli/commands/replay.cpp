// relc replay: runs the recorded ticks of a release again and shows that each of its decisions
// comes out the same, bit for bit; from a state directory, whether a host runs on it or not.
#include <cstdio>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "compiler/cli/command.h"
#include "runtime/base/time_text.h"
#include "runtime/host/plan_history.h"
#include "runtime/host/replay.h"
#include "runtime/host/tick_log.h"
#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

namespace rel::cli {
namespace {

struct ReplayOptions {
  std::string state;
  std::string release;
  std::string format = "text";
};

int fail(const std::string& message) {
  fmt::print(stderr, "relc replay: {}\n", message);
  return exit_failed;
}

void print_text(const ReleaseRecord& record, const ReplayReport& report) {
  if (report.ticks == 0) {
    fmt::print("{}: no tick of it was recorded\n", record.name);
    return;
  }
  fmt::print("{}: {} ticks from {} to {}\n", record.name, report.ticks,
             rfc3339_text(report.first_ns), rfc3339_text(report.last_ns));
  if (report.plans > 1) fmt::print("  under {} plans, one after the other\n", report.plans);
  fmt::print("  {} decisions come out the same, bit for bit\n", report.same);
  if (report.undone > 0) {
    fmt::print("  {} more belong to raises that were taken back\n", report.undone);
  }
  if (report.gaps > 0) fmt::print("  {} times ticks are missing in between\n", report.gaps);
  if (report.unproven > 0) {
    fmt::print("  {} decisions lie outside what was recorded\n", report.unproven);
  }
  if (!report.difference.empty()) fmt::print("DIFFERENT: {}\n", report.difference);
}

void print_json(const ReleaseRecord& record, const ReplayReport& report) {
  const nlohmann::ordered_json json = {
      {"release", record.name},        {"ticks", report.ticks},
      {"from", rfc3339_text(report.first_ns)}, {"to", rfc3339_text(report.last_ns)},
      {"same", report.same},           {"undone", report.undone},
      {"plans", report.plans},         {"gaps", report.gaps},
      {"unproven", report.unproven},
      {"difference", report.difference}};
  fmt::print("{}\n", json.dump());
}

int replay_release(const ReplayOptions& options, Journal& journal, const ReleaseRecord& record) {
  Result<PlanHistory> plans = PlanHistory::read(journal, record);
  if (!plans) return fail(plans.error().message);
  Result<std::string> recorded = read_tick_log(options.state, record.id);
  if (!recorded) return fail(recorded.error().message);
  auto decisions = journal.decisions(record.id, 0, INT64_MAX);
  if (!decisions) return fail(decisions.error().message);
  const ReplayReport report = replay_ticks(*plans, *recorded, *decisions);
  if (options.format == "json") print_json(record, report);
  else print_text(record, report);
  return report.difference.empty() ? exit_clean : exit_findings;
}

int replay_state(const ReplayOptions& options) {
  Result<std::unique_ptr<Journal>> journal =
      Journal::open({.path = options.state + "/journal.sqlite", .mode = JournalMode::read_only});
  if (!journal) return fail(journal.error().message);
  Result<std::vector<ReleaseRecord>> releases = (*journal)->releases();
  if (!releases) return fail(releases.error().message);
  int worst = exit_clean;
  bool found = false;
  for (const ReleaseRecord& record : *releases) {
    if (!options.release.empty() && record.name != options.release) continue;
    found = true;
    worst = std::max(worst, replay_release(options, **journal, record));
  }
  if (found) return worst;
  return fail(fmt::format("{} has no release {}", options.state, options.release));
}

}  // namespace

void add_command_replay(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("replay", "run a release again from what it saw, and compare");
  auto options = std::make_shared<ReplayOptions>();
  command->add_option("STATE", options->state, "the state directory")->required();
  command->add_option("--release", options->release, "only this release");
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  command->callback([options, &exit_code] { exit_code = replay_state(*options); });
}

}  // namespace rel::cli
