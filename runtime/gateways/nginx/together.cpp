#include "runtime/gateways/nginx/together.h"

#include <vector>

namespace rel::gateway {
namespace {

std::string_view view(rel_str text) {
  return text.ptr == nullptr ? std::string_view{} : std::string_view{text.ptr, text.len};
}

std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

// Two candidates of one model at once would each be compared with a baseline that the other takes
// traffic from.
std::string problem_of_two(const Release& first, const Release& other) {
  if (view(rel_plan_model(first.plan())) != view(rel_plan_model(other.plan()))) return {};
  const MappedPhase phases[] = {first.mapped_phase(), other.mapped_phase()};
  if (phases[0] == MappedPhase::ended || phases[1] == MappedPhase::ended) return {};
  const std::string model = quoted(view(rel_plan_model(first.plan())));
  if (phases[0] == MappedPhase::idle && phases[1] == MappedPhase::idle) {
    return "model " + model + " has two releases that have not begun, " + quoted(first.name()) +
           " and " + quoted(other.name()) + ", and one candidate at a time; take one of them out "
           "until the other has ended";
  }
  const bool first_runs = phases[0] == MappedPhase::running;
  const Release& running = first_runs ? first : other;
  const Release& waiting = first_runs ? other : first;
  return "model " + model + " is being released by " + quoted(running.name()) +
         "; the next candidate, " + quoted(waiting.name()) + ", is taken once that has ended "
         "(`relc status " + std::string(running.name()) + "` shows it): take it out, and reload "
         "with it then";
}

Release* find(std::span<Release* const> releases, std::string_view name) {
  for (Release* release : releases) {
    if (release->name() == name) return release;
  }
  return nullptr;
}

std::string problem_of_set(const Release& release, std::span<Release* const> releases) {
  for (uint32_t i = 0; i < rel_plan_set_member_count(release.plan()); ++i) {
    const std::string_view member = view(rel_plan_set_member(release.plan(), i));
    const Release* other = find(releases, member);
    const std::string set = quoted(view(rel_plan_set(release.plan())));
    if (other == nullptr) {
      return "release " + quoted(release.name()) + " of the set " + set + " goes on only with " +
             quoted(member) + "; add a server with `release_policy FILE release=" +
             std::string(member) + ";` and a release_state of its own";
    }
    if (rel_plan_set_member_count(other->plan()) == 0) {
      return "release " + quoted(release.name()) + " is of the set " + set + " with " +
             quoted(member) + ", but " + other->options().policy + " does not say so; configure "
             "both from the same policy";
    }
  }
  return {};
}

}  // namespace

std::string problem_together(std::span<Release* const> releases) {
  for (size_t i = 0; i < releases.size(); ++i) {
    for (size_t j = i + 1; j < releases.size(); ++j) {
      if (std::string problem = problem_of_two(*releases[i], *releases[j]); !problem.empty()) {
        return problem;
      }
    }
    if (std::string problem = problem_of_set(*releases[i], releases); !problem.empty()) {
      return problem;
    }
  }
  return {};
}

Status join_sets(std::span<Release* const> releases) {
  for (Release* release : releases) {
    std::vector<Release*> members;
    for (uint32_t i = 0; i < rel_plan_set_member_count(release->plan()); ++i) {
      members.push_back(find(releases, view(rel_plan_set_member(release->plan(), i))));
    }
    if (Status joined = release->join_set(members); !joined) return joined;
  }
  return ok();
}

}  // namespace rel::gateway
