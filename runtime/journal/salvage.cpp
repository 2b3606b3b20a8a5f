#include "runtime/journal/salvage.h"

#include <algorithm>

#include <fmt/core.h>

#include "runtime/base/time_text.h"
#include "runtime/journal/journal.h"
#include "runtime/stage/decision_text.h"

namespace rel {
namespace {

// Where the number of the last row cannot be read either, so many lost rows in a row are the end.
constexpr int64_t lost_rows_max = 1000;

class Salvage {
 public:
  explicit Salvage(Journal& journal) : journal_(journal) {}

  SalvageReport run() {
    Result<std::vector<ReleaseRecord>> releases = journal_.releases();
    if (!releases) {
      lost(fmt::format("the list of releases: {}", releases.error().message));
      return std::move(report_);
    }
    if (releases->empty()) say("no release is in it");
    for (const ReleaseRecord& release : *releases) read_release(release);
    Result<std::vector<HandRecord>> orders = journal_.hands().after(0, SIZE_MAX >> 1);
    if (orders) say(fmt::format("{} orders of people are whole", orders->size()));
    else lost(fmt::format("orders of people: {}", orders.error().message));
    return std::move(report_);
  }

 private:
  void say(std::string line) { report_.lines.push_back(std::move(line)); }
  void lost(std::string line) {
    report_.lost_something = true;
    say("LOST " + std::move(line));
  }

  void read_release(const ReleaseRecord& release) {
    say(fmt::format("release `{}`, begun {}", release.name, rfc3339_text(release.begun_ns)));
    Result<Plan> plan = load_plan(release.plan);
    if (!plan) return lost(fmt::format("its plan: {}", plan.error().message));
    read_decisions(release, *plan);
    auto state = journal_.state(release.id, *plan);
    if (!state) {
      lost(fmt::format("where it stands: {}; it starts again at the baseline",
                       state.error().message));
    } else if (state->has_value()) {
      const EngineState& engine = (*state)->state;
      say(fmt::format("  it stands at: {}, {}", phase_name(engine.phase),
                      engine.stage.is_none() ? "no stage"
                                             : plan->text(plan->stages[engine.stage.value].name)));
    }
    if (auto actions = journal_.actions(release.id); !actions) {
      lost(fmt::format("what its way back did: {}", actions.error().message));
    }
  }

  // Row by row, so that a damaged one hides no other.
  void read_decisions(const ReleaseRecord& release, const Plan& plan) {
    int64_t whole = 0;
    int64_t first_lost = 0;
    int64_t in_a_row = 0;
    Result<int64_t> end = journal_.last_decision(release.id);
    const auto close_gap = [&](int64_t next) {
      if (first_lost == 0) return;
      lost(fmt::format("decisions {} to {} of `{}`", first_lost, next - 1, release.name));
      first_lost = 0;
    };
    int64_t at = 0;
    while (end ? at < *end : in_a_row < lost_rows_max) {
      auto row = journal_.decisions(release.id, at, 1);
      if (row && row->empty()) break;
      if (row) {
        const LoggedDecision& one = row->front();
        // Those of a raise that was taken back are left out: no gap.
        close_gap(at + 1);
        in_a_row = 0;
        at = one.sequence;
        ++whole;
        last_ = one;
        continue;
      }
      if (first_lost == 0) first_lost = at + 1;
      ++in_a_row;
      ++at;
    }
    close_gap(at + 1);
    say(fmt::format("  {} decisions are whole", whole));
    if (whole > 0) say("  the last: " + decision_line(plan, last_.entry.decision));
  }

  Journal& journal_;
  SalvageReport report_;
  LoggedDecision last_;
};

}  // namespace

Result<SalvageReport> salvage_journal(const std::string& path) {
  Result<std::unique_ptr<Journal>> journal =
      Journal::open({.path = path, .vfs = "", .mode = JournalMode::salvage});
  if (!journal) return journal.error();
  return Salvage(**journal).run();
}

}  // namespace rel
