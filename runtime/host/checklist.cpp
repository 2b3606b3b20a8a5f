#include "runtime/host/checklist.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/sha256.h"
#include "runtime/base/time_text.h"
#include "runtime/eval/evaluator.h"

namespace rel {
namespace {

// `a` in `a,b`: the points an approval was given for.
bool names_point(std::string_view points, std::string_view name) {
  while (!points.empty()) {
    const size_t comma = points.find(',');
    if (points.substr(0, comma) == name) return true;
    if (comma == std::string_view::npos) return false;
    points.remove_prefix(comma + 1);
  }
  return false;
}

// `fraud/13` of `mlflow("fraud/13")`.
std::string_view quoted_part(std::string_view reference) {
  const size_t first = reference.find('"');
  const size_t last = reference.rfind('"');
  if (first == std::string_view::npos || last <= first) return reference;
  return reference.substr(first + 1, last - first - 1);
}

bool names_candidate(const Plan& plan, std::string_view name) {
  return !name.empty() &&
         (name == candidate_identity(plan) || name == quoted_part(plan.text(plan.candidate.text)));
}

}  // namespace

Checklist::Checklist(const Plan& plan, const ControlRules& rules, ReadModelCard read_card,
                     std::string folder)
    : plan_(plan),
      rules_(rules),
      read_card_(std::move(read_card)),
      folder_(std::move(folder)),
      readings_(plan.gates.size()),
      kept_(plan.gates.size()) {}

std::string Checklist::team_of(const Gate& gate) const {
  return std::string(plan_.text(plan_.gate_arguments[gate.arguments.first]));
}

Status Checklist::read(const GateSources& sources, int64_t now_ns) {
  if (plan_.gates.empty()) return ok();
  std::vector<HandRecord> given;
  if (sources.release != 0) {
    Result<std::vector<HandRecord>> read = sources.orders.answers(sources.release);
    if (!read) return read.error();
    given = std::move(*read);
  }
  for (size_t i = 0; i < plan_.gates.size(); i++) {
    const Gate& gate = plan_.gates[i];
    switch (gate.kind) {
      case GateKind::approval:
      case GateKind::review: readings_[i] = read_people(gate, given, now_ns); break;
      case GateKind::card: readings_[i] = read_card(gate); break;
      case GateKind::rehearsal:
        readings_[i] = read_rehearsal(gate, sources.rehearsed, now_ns);
        break;
      case GateKind::evidence: readings_[i] = read_evidence(gate); break;
      case GateKind::hook:
      case GateKind::told:
        readings_[i] = sources.hooks.read(GateId{static_cast<uint32_t>(i)});
        break;
      case GateKind::http:
      case GateKind::rule:
        readings_[i] = sources.world.read(GateId{static_cast<uint32_t>(i)});
        continue;  // it has the time of its answer
    }
    readings_[i].time_ns = now_ns;
  }
  return ok();
}

// One person counts once. Who left the team since has still said what they said.
GateReading Checklist::read_people(const Gate& gate, std::span<const HandRecord> orders,
                                   int64_t now_ns) {
  const bool review = gate.kind == GateKind::review;
  const std::string team = team_of(gate);
  const std::string_view name = plan_.text(gate.name);
  std::vector<std::string> people;
  for (const HandRecord& order : orders) {
    if (order.verb != (review ? "review" : "approve")) continue;
    if (!names_point(order.argument, name)) continue;
    if (gate.within_ns > 0 && now_ns - order.time_ns > gate.within_ns) continue;
    if (!names_point(order.detail, team)) continue;
    if (std::find(people.begin(), people.end(), order.actor) == people.end()) {
      people.push_back(order.actor);
    }
  }
  GateReading reading;
  reading.asked = fmt::format("{} of team {}{}", gate.count, team,
                              review ? fmt::format(" for stage {}", name) : "");
  reading.answered = people.empty() ? "nobody" : fmt::format("{}", fmt::join(people, ", "));
  reading.passed = people.size() >= gate.count;
  if (reading.passed) return reading;
  reading.missing = fmt::format("{} more of team {} ({}): relc {} {}", gate.count - people.size(),
                                team, members_text(rules_, team), review ? "review" : "approve",
                                plan_.release);
  return reading;
}

GateReading Checklist::read_card(const Gate& gate) const {
  GateReading reading;
  const std::string path(plan_.text(plan_.gate_arguments[gate.arguments.first]));
  std::vector<std::string> sections;
  for (uint32_t at = gate.arguments.first + 1; at < gate.arguments.end(); at++) {
    sections.emplace_back(plan_.text(plan_.gate_arguments[at]));
  }
  reading.asked = fmt::format("sections {} of {}, naming {}", fmt::join(sections, ", "), path,
                              candidate_identity(plan_));
  if (!read_card_) {
    reading.answered = reading.missing = "this host cannot read model cards";
    return reading;
  }
  Result<ModelCard> card = read_card_(path_of(path));
  if (!card) {
    reading.answered = reading.missing = card.error().message;
    return reading;
  }
  std::vector<std::string> absent;
  for (const std::string& section : sections) {
    const auto& headings = card->headings;
    if (std::find(headings.begin(), headings.end(), section) == headings.end()) {
      absent.push_back("section " + section);
    }
  }
  if (!names_candidate(plan_, card->candidate)) {
    absent.push_back(fmt::format("`candidate: {}` in its front matter, which says `{}`",
                                 quoted_part(plan_.text(plan_.candidate.text)), card->candidate));
  }
  reading.passed = absent.empty();
  reading.answered = reading.passed ? fmt::format("names {} and has them", card->candidate)
                                    : fmt::format("without {}", fmt::join(absent, ", "));
  if (!reading.passed) {
    reading.missing = fmt::format("{} needs {}", path, fmt::join(absent, ", "));
  }
  return reading;
}

std::string Checklist::path_of(std::string_view path) const {
  const bool absolute = !path.empty() && path[0] == '/';
  return absolute ? std::string(path) : fmt::format("{}/{}", folder_, path);
}

GateReading Checklist::read_rehearsal(const Gate& gate,
                                      const std::optional<RehearsalRecord>& rehearsed,
                                      int64_t now_ns) const {
  GateReading reading;
  reading.asked = fmt::format("the way back rehearsed within {}", duration_text(gate.within_ns));
  if (!rehearsed) {
    reading.answered = "never";
  } else {
    reading.answered = fmt::format("{}, {}", rfc3339_text(rehearsed->time_ns),
                                   rehearsed->passed ? "passed" : "failed");
    reading.passed = rehearsed->passed && now_ns - rehearsed->time_ns <= gate.within_ns;
  }
  if (!reading.passed) {
    reading.missing = fmt::format("a rehearsal of the way back: relc rehearse {}", plan_.release);
  }
  return reading;
}

// The numbers were taken when the policy was compiled; they count while their files are the same.
GateReading Checklist::read_evidence(const Gate& gate) const {
  GateReading reading;
  reading.asked = plan_.text(gate.text);
  for (const EvidenceFile& file : plan_.evidence_files) {
    const std::string path = path_of(plan_.text(file.path));
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    const bool same = stream && "sha256:" + sha256_hex(text.str()) == plan_.text(file.digest);
    reading.answered += fmt::format("{}{} is {}", reading.answered.empty() ? "" : ", ",
                                    plan_.text(file.path), plan_.text(file.digest));
    if (same) continue;
    reading.answered = reading.missing =
        fmt::format("{} is not as it was when the policy was compiled; release it anew", path);
    return reading;
  }
  const std::vector<double> values(plan_.frame_size);
  const std::vector<uint8_t> causes(plan_.frame_size);
  const std::vector<uint8_t> sustained(plan_.sustains.size());
  const FrameView frame{values.data(), causes.data(), sustained.data()};
  reading.passed = interpret(plan_, gate.predicate, frame) == Verdict::is_true;
  if (!reading.passed) reading.missing = fmt::format("`{}` is not true", plan_.text(gate.text));
  return reading;
}

uint64_t Checklist::passed() const {
  uint64_t bits = 0;
  for (size_t i = 0; i < readings_.size(); i++) {
    if (readings_[i].passed) bits |= uint64_t{1} << i;
  }
  return bits;
}

bool Checklist::is_new(size_t gate) const {
  const GateReading& now = readings_[gate];
  return now.time_ns != 0 && (kept_[gate].time_ns == 0 || !now.says_the_same(kept_[gate]));
}

bool Checklist::has_changes() const {
  for (size_t i = 0; i < readings_.size(); i++) {
    if (is_new(i)) return true;
  }
  return false;
}

std::vector<ProbeRecord> Checklist::changes(int64_t release) const {
  std::vector<ProbeRecord> changes;
  for (size_t i = 0; i < readings_.size(); i++) {
    const GateReading& now = readings_[i];
    if (!is_new(i)) continue;
    changes.push_back({.release = release,
                       .gate = static_cast<uint32_t>(i),
                       .time_ns = now.time_ns,
                       .passed = now.passed,
                       .asked = now.asked,
                       .answered = now.detail.empty()
                                       ? now.answered
                                       : fmt::format("{}, {}", now.answered, now.detail)});
  }
  return changes;
}

Result<std::string> Checklist::approvable(const Peer& peer, const std::string& point) const {
  std::string points;
  std::string known;
  for (const Gate& gate : plan_.gates) {
    if (gate.kind != GateKind::approval) continue;
    const std::string_view name = plan_.text(gate.name);
    known += fmt::format("{}`{}` by team {} ({})", known.empty() ? "" : ", ", name, team_of(gate),
                         members_text(rules_, team_of(gate)));
    if (!point.empty() && name != point) continue;
    if (!is_in_team(rules_, peer, team_of(gate))) continue;
    points += fmt::format("{}{}", points.empty() ? "" : ",", name);
  }
  if (!points.empty()) return points;
  if (known.empty()) return Error{"the release asks for no approval"};
  return Error{fmt::format("{} cannot approve {}; the release asks for {}", peer.name,
                           point.empty() ? "it" : "`" + point + "`", known)};
}

Status Checklist::reviewable(const Peer& peer, StageId stage) const {
  std::string known;
  for (const Gate& gate : plan_.gates) {
    if (gate.kind != GateKind::review || gate.stage != stage) continue;
    if (is_in_team(rules_, peer, team_of(gate))) return ok();
    known += fmt::format("{}team {} ({})", known.empty() ? "" : " and ", team_of(gate),
                         members_text(rules_, team_of(gate)));
  }
  if (known.empty()) return Error{"the present stage asks for no review"};
  return Error{fmt::format("{} cannot review this stage; it is for {}", peer.name, known)};
}

}  // namespace rel
