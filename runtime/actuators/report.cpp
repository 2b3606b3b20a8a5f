// Writes the Markdown report into the state directory. The path is the policy's, the folder is the
// host's: a policy never names a place outside of it.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "runtime/actuators/registry.h"
#include "runtime/actuators/report_text.h"

namespace rel {
namespace {

namespace fs = std::filesystem;

bool stays_inside(const fs::path& path) {
  if (path.empty() || path.is_absolute() || !path.has_filename()) return false;
  for (const fs::path& part : path) {
    if (part == "..") return false;
  }
  return true;
}

Error failure(const fs::path& path, int code) {
  return {fmt::format("cannot write {}: {}; make room or mend its permissions, then restart the "
                      "sidecar",
                      path.string(), std::strerror(code))};
}

Status write_all(int file, const std::string& text, const fs::path& path) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure(path, errno);
    written += static_cast<size_t>(count);
  }
  return fsync(file) == 0 ? ok() : failure(path, errno);
}

// Beside its place first, then renamed: a reader sees the whole report or none.
Status replace_file(const fs::path& path, const std::string& text) {
  std::error_code problem;
  fs::create_directories(path.parent_path(), problem);
  if (problem) return failure(path, problem.value());
  const fs::path draft = path.string() + ".draft";
  const int file = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (file < 0) return failure(draft, errno);
  Status written = write_all(file, text, draft);
  close(file);
  if (!written) return written;
  if (rename(draft.c_str(), path.c_str()) != 0) return failure(path, errno);
  return ok();
}

}  // namespace

std::unique_ptr<RunningAction> start_report(const ActionContext& context) {
  const Action& action = context.plan.actions[context.id.value];
  const StringId text = context.plan.arguments[action.arguments.at(0).value];
  const fs::path name(context.plan.text(text));
  if (!stays_inside(name)) {
    return ended_action(ActionProgress::failed,
                        fmt::format("`{}` leaves the folder of reports; name a file such as "
                                    "`postmortem.md`",
                                    name.string()));
  }
  const fs::path path = fs::path(context.report_folder) / name;
  const std::string report = report_text({.plan = context.plan,
                                          .release = context.release,
                                          .timeline = context.timeline,
                                          .outcomes = context.outcomes,
                                          .now_ns = context.now_ns});
  if (Status s = replace_file(path, report); !s) {
    return ended_action(ActionProgress::failed, s.error().message);
  }
  return ended_action(ActionProgress::done, fmt::format("written to {}", path.string()));
}

}  // namespace rel
