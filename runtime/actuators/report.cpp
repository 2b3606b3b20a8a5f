// Writes the report, Markdown and a page beside it, into the state directory. The path is the
// policy's, the folder is the host's: a policy never names a place outside of it.
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "runtime/actuators/registry.h"
#include "runtime/actuators/replace_file.h"
#include "runtime/actuators/report_text.h"

namespace rel {
namespace {

namespace fs = std::filesystem;

constexpr mode_t report_mode = 0640;

bool stays_inside(const fs::path& path) {
  if (path.empty() || path.is_absolute() || !path.has_filename()) return false;
  for (const fs::path& part : path) {
    if (part == "..") return false;
  }
  return true;
}

}  // namespace

std::unique_ptr<RunningAction> start_report(const ActionRequest& request) {
  const fs::path name(request.arguments[0]);
  if (!stays_inside(name)) {
    return refused_action(fmt::format("`{}` leaves the folder of reports; name a file such as "
                                      "`postmortem.md`",
                                      name.string()));
  }
  const fs::path path = fs::path(request.facts.report_folder) / name;
  std::error_code problem;
  fs::create_directories(path.parent_path(), problem);
  if (problem) {
    return ended_action(ActionProgress::failed,
                        fmt::format("cannot make {}: {}", path.parent_path().string(),
                                    problem.message()));
  }
  if (request.mode == ActionMode::probe) {
    const bool writable = access(path.parent_path().c_str(), W_OK) == 0;
    return ended_action(writable ? ActionProgress::done : ActionProgress::failed,
                        fmt::format("{} can{} be written", path.parent_path().string(),
                                    writable ? "" : "not"));
  }
  if (request.report == nullptr) return refused_action("there is nothing to report about here");
  ReportFacts facts = *request.report;
  if (request.arguments.size() > 1) facts.layout = request.arguments[1];
  const fs::path page = fs::path(path).replace_extension(".html");
  Status written = replace_file(path, report_markdown(facts), report_mode);
  if (written && page != path) written = replace_file(page, report_html(facts), report_mode);
  if (!written) return ended_action(ActionProgress::failed, written.error().message);
  return ended_action(ActionProgress::done,
                      fmt::format("written to {} and {}", path.string(), page.string()));
}

}  // namespace rel
