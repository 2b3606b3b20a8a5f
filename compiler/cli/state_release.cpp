#include "compiler/cli/state_release.h"

#include <utility>
#include <vector>

#include <fmt/core.h>

namespace rel::cli {

Result<StateRelease> read_state_release(const std::string& state, const std::string& name) {
  Result<std::unique_ptr<Journal>> journal =
      Journal::open({.path = state + "/journal.sqlite", .mode = JournalMode::read_only});
  if (!journal) return journal.error();
  Result<std::vector<ReleaseRecord>> releases = (*journal)->releases();
  if (!releases) return releases.error();
  ReleaseRecord* found = nullptr;
  for (ReleaseRecord& record : *releases) {
    if (record.name == name) found = &record;
  }
  if (found == nullptr) return Error{fmt::format("{} has no release `{}`", state, name)};
  Result<Plan> plan = load_plan(found->plan);
  if (!plan) return plan.error();
  return StateRelease{std::move(*journal), std::move(*found), std::move(*plan)};
}

}  // namespace rel::cli
