#include "compiler/cli/status_view.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "runtime/base/time_text.h"
#include "runtime/stage/quantity_text.h"

namespace rel::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int bar_cells = 20;

enum class Tone { none, good, warn, bad, dim, bold };

struct View {
  ViewStyle style;
  std::string text;

  std::string toned(const std::string& words, Tone tone) const {
    if (style == ViewStyle::plain || tone == Tone::none) return words;
    const char* code = "0";
    switch (tone) {
      case Tone::none: break;
      case Tone::good: code = "32"; break;
      case Tone::warn: code = "33"; break;
      case Tone::bad: code = "31"; break;
      case Tone::dim: code = "2"; break;
      case Tone::bold: code = "1"; break;
    }
    return fmt::format("\x1b[{}m{}\x1b[0m", code, words);
  }
  // Nothing in a pipe: its numbers are there.
  std::string bar(double part, Tone tone) const {
    if (style == ViewStyle::plain) return "";
    const int full = static_cast<int>(std::lround(std::clamp(part, 0.0, 1.0) * bar_cells));
    std::string cells;
    for (int i = 0; i < bar_cells; i++) cells += i < full ? "█" : "░";
    return toned(cells, tone) + " ";
  }
  void heading(const char* words) { text += toned(words, Tone::bold) + "\n"; }
};

std::string word(const Json& row, const char* key) {
  return row.at(key).is_string() ? row.at(key).get<std::string>() : "";
}

std::string seconds_text(const Json& seconds) {
  return duration_text(static_cast<int64_t>(seconds.get<double>() * 1e9));
}

std::string quantity(const Json& value, const std::string& unit_word) {
  for (int u = 0; u <= static_cast<int>(PlanUnit::per_second); u++) {
    const PlanUnit unit = static_cast<PlanUnit>(u);
    if (unit_name(unit) == unit_word) return quantity_text(value.get<double>(), unit);
  }
  return fmt::format("{} {}", value.dump(), unit_word);
}

std::string share_text(const Json& share) {
  return quantity_text(share.get<double>(), PlanUnit::ratio);
}

Tone phase_tone(const std::string& phase) {
  if (phase == "rolled_back" || phase == "withdrawn") return Tone::bad;
  return phase == "completed" || phase == "running" ? Tone::good : Tone::dim;
}

// What beside its times and triggers says where the release stands. A host of an earlier version
// does not tell it.
void add_waits(View& view, const Json& status) {
  const auto note = [&](const char* title, const std::string& words) {
    view.text += view.toned(title, Tone::warn) + ": " + words + "\n";
  };
  const auto time = [&](const char* key) { return status.contains(key) ? word(status, key) : ""; };
  if (status.value("observe_only", false)) note("observes only", "it routes nothing");
  if (status.value("watching", false)) {
    note("watched", fmt::format("for {} of {}", seconds_text(status.at("step_clock_s")),
                                seconds_text(status.at("watch_s"))));
  }
  const bool counts = status.contains("step_samples_min") &&
                      status.at("step_samples_min").is_number_unsigned();
  if (counts && status.at("step_samples_min").get<uint64_t>() > 0) {
    note("this step", fmt::format("has seen {} of {} requests", status.at("step_samples").dump(),
                                  status.at("step_samples_min").dump()));
  }
  if (!status.value("increase_allowed", true)) {
    note("the calendar lets nothing grow now", "asked again at " + time("calendar_changes"));
  }
  const std::string warm = time("baseline_warm_until");
  if (!warm.empty()) note("the baseline is kept warm", "until " + warm);
}

void add_head(View& view, const Json& status) {
  const std::string phase = word(status, "phase");
  view.text += fmt::format("{} of {}: {}, {} to the candidate\n",
                           view.toned(word(status, "release"), Tone::bold),
                           word(status, "model"), view.toned(phase, phase_tone(phase)),
                           share_text(status.at("share")));
  const auto note = [&](const char* title, const std::string& words, Tone tone) {
    if (!words.empty()) view.text += view.toned(title, tone) + ": " + words + "\n";
  };
  note("does not start", word(status, "blocked"), Tone::bad);
  if (status.at("paused").get<bool>()) {
    note("paused", "nothing is raised until somebody resumes", Tone::warn);
  }
  note("held", word(status, "held_because"), Tone::warn);
  add_waits(view, status);
  for (const Json& row : status.at("overridden")) {
    note("overridden", fmt::format("{} until {}", word(row, "name"), word(row, "until")),
         Tone::warn);
  }
  const Json& journal = status.at("journal");
  if (!journal.at("ok").get<bool>()) {
    note("journal fails, nothing is raised", word(journal, "error"), Tone::bad);
  }
}

void add_stages(View& view, const Json& status) {
  if (status.at("stages").empty()) return;
  view.heading("stages");
  const std::string present = word(status, "stage");
  bool before = !present.empty();
  for (const Json& stage : status.at("stages")) {
    const std::string name = word(stage, "name");
    const bool here = name == present;
    if (here) before = false;
    const char* mark = here ? ">" : before ? "+" : " ";
    std::string line = fmt::format("{} {:<12} ", mark, name);
    if (here) {
      const double full = status.at("step_duration_s").get<double>();
      const double gone = status.at("step_clock_s").get<double>();
      line += view.bar(full > 0 ? gone / full : 1, Tone::good);
      line += fmt::format("step {} of {}, {}", status.at("step").dump(),
                          status.at("steps").dump(), seconds_text(status.at("step_clock_s")));
      if (full > 0) line += " of " + seconds_text(status.at("step_duration_s"));
      line += "  ";
    }
    view.text += line + view.toned(word(stage, "text"), here ? Tone::none : Tone::dim) + "\n";
  }
}

std::string number_text(const View& view, const Json& number) {
  const std::string name = word(number, "expr");
  if (!number.at("known").get<bool>()) return fmt::format("      unknown  {}\n", name);
  const std::string unit = word(number, "unit");
  const double near = number.at("near").get<double>();
  const Tone tone = near >= 1 ? Tone::bad : near >= 0.8 ? Tone::warn : Tone::good;
  return fmt::format("      {}{} of {} ({:.0f}% of the way, {} samples)  {}\n",
                     view.bar(near, tone), quantity(number.at("value"), unit),
                     quantity(number.at("limit"), unit), near * 100,
                     number.at("samples").dump(), name);
}

// A host of an earlier version does not tell it.
void add_uncovered(View& view, const Json& trigger) {
  std::string cells;
  const Json rows = trigger.value("uncovered", Json::array());
  for (const Json& cell : rows) cells += (cells.empty() ? "" : ", ") + cell.get<std::string>();
  if (cells.empty()) return;
  view.text += fmt::format("      {}, too little data: {}\n",
                           view.toned("not covered", Tone::warn), cells);
}

// Requests that no segment guard looks at.
void add_segments(View& view, const Json& status) {
  const Json rows = status.value("segments", Json::array());
  for (const Json& segment : rows) {
    if (segment.at("other").get<uint64_t>() == 0) continue;
    view.text += fmt::format("{}: {} of {} requests carry none of its values\n",
                             view.toned("segment " + word(segment, "name"), Tone::warn),
                             segment.at("other").dump(), segment.at("of").dump());
  }
}

void add_triggers(View& view, const Json& status) {
  if (status.at("triggers").empty()) return;
  view.heading("triggers");
  for (const Json& trigger : status.at("triggers")) {
    const std::string verdict = word(trigger, "verdict");
    std::string state = verdict;
    const double for_s = trigger.at("for_s").get<double>();
    if (trigger.at("condition").get<bool>() && for_s > 0) {
      state += fmt::format(", true for {} of {}", seconds_text(trigger.at("pending_s")),
                           seconds_text(trigger.at("for_s")));
    }
    const bool gate = word(trigger, "action") == "promote" || word(trigger, "action") == "step";
    const Tone tone = verdict == "true"    ? (gate ? Tone::good : Tone::bad)
                      : verdict == "false" ? (gate ? Tone::warn : Tone::good)
                                           : Tone::warn;
    view.text += fmt::format("  {} {}\n", view.toned(fmt::format("{:<24}", state), tone),
                             word(trigger, "rule"));
    for (const Json& number : trigger.at("numbers")) view.text += number_text(view, number);
    add_uncovered(view, trigger);
  }
}

void add_checklist(View& view, const Json& status) {
  if (status.at("checklist").empty()) return;
  view.heading("checklist");
  for (const Json& gate : status.at("checklist")) {
    const bool passed = gate.at("passed").get<bool>();
    const bool review = gate.value("kind", "") == "review";
    const std::string what = passed ? word(gate, "answered") : word(gate, "missing");
    view.text += fmt::format("  {} {}: {}\n",
                             view.toned(passed ? "passed " : "missing",
                                        passed ? Tone::good : Tone::warn),
                             review ? "review of " + word(gate, "stage") : word(gate, "point"),
                             what);
  }
}

void add_numbers(View& view, const Json& status) {
  if (status.at("aggregates").empty()) return;
  view.heading("numbers");
  for (const Json& aggregate : status.at("aggregates")) {
    const bool known = aggregate.at("unknown").is_null();
    const std::string value = known
                                  ? quantity(aggregate.at("value"), word(aggregate, "unit"))
                                  : word(aggregate, "unknown");
    const std::string cell = word(aggregate, "cell");
    view.text += fmt::format("  {:<14} {:>10} samples  {}{}{}\n", value,
                             aggregate.at("samples").dump(), word(aggregate, "expr"),
                             cell.empty() ? "" : " ", cell);
  }
}

void add_way_back(View& view, const Json& status) {
  if (status.at("actions").empty()) return;
  view.heading("way back");
  for (const Json& action : status.at("actions")) {
    const std::string state = word(action, "status");
    const Tone tone = state == "failed" ? Tone::bad : state == "done" ? Tone::good : Tone::warn;
    view.text += fmt::format("  {} {}: {}\n", view.toned(fmt::format("{:<8}", state), tone),
                             word(action, "action"), word(action, "detail"));
  }
}

// The one line that says what the release waits for.
void add_awaited(View& view, const Json& status) {
  if (word(status, "phase") != "running" && word(status, "phase") != "idle") return;
  std::string awaited;
  const auto add = [&](const std::string& words) {
    awaited += (awaited.empty() ? "" : "; ") + words;
  };
  if (status.at("paused").get<bool>()) add("a person to resume it");
  for (const Json& gate : status.at("checklist")) {
    const bool due = gate.value("due", true);
    if (due && !gate.at("passed").get<bool>()) add(word(gate, "missing"));
  }
  const bool placed = status.at("step_duration_s").is_number();
  const double left = placed ? status.at("step_duration_s").get<double>() -
                                   status.at("step_clock_s").get<double>()
                             : 0;
  if (left > 0) add(duration_text(static_cast<int64_t>(left * 1e9)) + " of its step");
  for (const Json& trigger : status.at("triggers")) {
    const bool gate = word(trigger, "action") == "promote" || word(trigger, "action") == "step";
    if (gate && word(trigger, "verdict") != "true") add("`" + word(trigger, "rule") + "`");
  }
  if (!awaited.empty()) view.text += view.toned("awaits", Tone::bold) + ": " + awaited + "\n";
}

}  // namespace

std::string status_text(const Json& status, ViewStyle style) {
  View view{style, {}};
  add_head(view, status);
  add_awaited(view, status);
  add_stages(view, status);
  add_triggers(view, status);
  add_segments(view, status);
  add_checklist(view, status);
  add_numbers(view, status);
  add_way_back(view, status);
  return std::move(view.text);
}

}  // namespace rel::cli
