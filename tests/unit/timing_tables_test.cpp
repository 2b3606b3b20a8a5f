// The timing tables of grammar/REFERENCE.md, row by row through the compiler and the engine: what
// the page says and what a release does cannot differ.
#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"
#include "runtime/eval/evaluator.h"
#include "runtime/stage/engine.h"

using namespace rel;

namespace {

constexpr int64_t ms = 1'000'000;
constexpr int64_t start_ns = 1'700'000'000'000 * ms;

using Cells = std::vector<std::string>;

struct Table {
  int line = 0;
  std::vector<std::pair<std::string, Cells>> rows;  // by their first cell, in order

  const Cells* find(const std::string& name) const {
    for (const auto& [first, cells] : rows) {
      if (first == name) return &cells;
    }
    return nullptr;
  }
};

Cells cells_of(const std::string& line) {
  Cells cells;
  std::istringstream stream(line.substr(1));
  for (std::string cell; std::getline(stream, cell, '|');) {
    const size_t first = cell.find_first_not_of(' ');
    const size_t last = cell.find_last_not_of(' ');
    if (first != std::string::npos) cells.push_back(cell.substr(first, last - first + 1));
  }
  return cells;
}

std::vector<Table> timing_tables() {
  std::ifstream page(std::string(REL_SOURCE_DIR) + "/grammar/REFERENCE.md");
  std::vector<Table> tables;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(page, line);) {
    ++number;
    if (line.rfind("| time |", 0) == 0) {
      tables.push_back({.line = number});
      inside = true;
    } else if (line.rfind("|", 0) != 0) {
      inside = false;
    }
    if (!inside || line.rfind("|---", 0) == 0) continue;
    Cells cells = cells_of(line);
    const std::string first = cells[0];
    cells.erase(cells.begin());
    tables.back().rows.emplace_back(first, std::move(cells));
  }
  return tables;
}

// `for 300ms until B for 200ms` as the end of a trigger, with B a condition of its own.
std::string policy_text(const std::string& suffix, bool promotion) {
  std::string written = suffix;
  if (const size_t at = written.find("until B"); at != std::string::npos) {
    written.replace(at, 7, "until rate(b) > 50% over 1s");
  }
  const std::string when = "when rate(a) > 50% over 1s " + written;
  return "model m { baseline = mlflow(\"m/1\"); candidate = mlflow(\"m/2\") }\n"
         "metric a : flag per request\nmetric b : flag per request\n"
         "release r of m {\n"
         "  unknown { source_error: hold; no_data: hold; insufficient: hold }\n" +
         (promotion ? std::string{} : "  hold " + when + "\n") +
         "  stage s: steps 10% for 350ms, 25% for 1h {" +
         (promotion ? " promote " + when + "\n at most 1d; otherwise hold" : "") + " }\n}\n";
}

Plan compiled(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics;
  const FileId file = sources.add("table.release", text);
  Compiled made = compile(sources, file, {}, diagnostics);
  INFO(text << render_text(sources, diagnostics.all(), Colour::never));
  REQUIRE(made.plans.size() == 1);
  return std::move(made.plans[0]);
}

// The one trigger of a plan, fed the verdict of its condition, and of B, tick by tick.
class Run {
 public:
  explicit Run(const Plan& plan)
      : plan_(plan), values_(plan.frame_size), causes_(plan.frame_size), samples_(plan.frame_size) {
    engine_event(plan_, *state_, {.kind = HostEventKind::start}, start_ns, *output_);
    grant(start_ns);
    REQUIRE(state_->phase == Phase::running);
  }

  char tick(int64_t now_ns, const std::string& a, const std::string& b) {
    for (const Aggregate& aggregate : plan_.aggregates) {
      const Tracker& tracker = plan_.trackers[aggregate.tracker.value];
      const bool of_a = plan_.text(plan_.metrics[tracker.metric.value].name) == "a";
      set(aggregate.frame_first, of_a ? a : b);
    }
    evaluate_tick(plan_, Evaluator{&plan_, {}}, values_, causes_, *state_, now_ns, *verdicts_);
    engine_tick(plan_, *state_, *verdicts_, {values_, causes_, samples_}, now_ns, *output_);
    grant(now_ns);
    const Verdict verdict = verdicts_->predicates[plan_.triggers[0].when.value];
    return is_unknown(verdict) ? 'U' : verdict == Verdict::is_true ? 'T' : 'F';
  }

  bool holding() const { return state_->holding != 0; }
  std::string share() const {
    return std::to_string(route_of(plan_, *state_).share_millionths);
  }

 private:
  void set(uint32_t place, const std::string& verdict) {
    values_[place] = verdict == "T" ? 1 : 0;
    causes_[place] = verdict == "U" ? cause_no_data : cause_none;
  }
  void grant(int64_t now_ns) {
    if (output_->raise.kind == RaiseKind::none) return;
    engine_event(plan_, *state_,
                 {.kind = HostEventKind::raise_durable, .raise_id = output_->raise.id}, now_ns,
                 *output_);
  }

  const Plan& plan_;
  std::vector<double> values_;
  std::vector<uint8_t> causes_;
  std::vector<uint64_t> samples_;
  std::unique_ptr<EngineState> state_ = std::make_unique<EngineState>();
  std::unique_ptr<StepOutput> output_ = std::make_unique<StepOutput>();
  std::unique_ptr<TickVerdicts> verdicts_ = std::make_unique<TickVerdicts>();
};

void check_row(const Table& table, const std::string& label, const Cells& expected) {
  const size_t close = label.find('`', 1);
  REQUIRE(close != std::string::npos);
  const std::string suffix = label.substr(1, close - 1);
  const Cells& times = table.rows[0].second;
  const Cells& a = *table.find("condition");
  const Cells* b = table.find("B");
  REQUIRE(expected.size() == times.size());
  REQUIRE(a.size() == times.size());
  const bool delayed = suffix.rfind("after", 0) == 0;
  const Plan plan =
      compiled(policy_text(suffix, label.find("promotion") != std::string::npos));
  Run run(plan);
  for (size_t i = 0; i < times.size(); ++i) {
    INFO("line " << table.line << ", " << label << " at " << times[i]);
    const char verdict = run.tick(start_ns + std::stoll(times[i]) * ms, a[i], b ? (*b)[i] : "F");
    if (!delayed) {
      CHECK(std::string(1, verdict) == expected[i]);
      continue;
    }
    if (const Cells* share = table.find("share")) {
      CHECK(run.share() == (*share)[i].substr(0, 2) + "0000");
    }
    // A trigger that acts holds while it is true.
    CHECK(run.holding() == (expected[i] == "T"));
  }
}

}  // namespace

TEST_CASE("the timing tables of the reference are what the engine does") {
  const std::vector<Table> tables = timing_tables();
  REQUIRE(tables.size() >= 9);
  for (const Table& table : tables) {
    REQUIRE(table.find("condition") != nullptr);
    for (const auto& [label, cells] : table.rows) {
      if (label[0] == '`') check_row(table, label, cells);
    }
  }
}

TEST_CASE("every operator over time has a timing table") {
  std::string labels;
  for (const Table& table : timing_tables()) {
    for (const auto& [label, cells] : table.rows) labels += label + "\n";
  }
  for (const char* words : {"for ", "consecutive every", "of 3 every", "at most", "rollback",
                            "promotion", "until B", "keep last", "`after 200ms`", "at 25%"}) {
    INFO(words);
    CHECK(labels.find(words) != std::string::npos);
  }
}
