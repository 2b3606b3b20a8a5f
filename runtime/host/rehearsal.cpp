#include "runtime/host/rehearsal.h"

#include <utility>

#include <fmt/core.h>

#include "runtime/host/way_back_plan.h"

namespace rel {

void Rehearsal::begin(const std::string& who, HostTime now) {
  if (running_) return;
  running_ = true;
  next_ = 0;
  record_ = {.time_ns = now.now_ns, .passed = true, .who = who, .detail = {}};
}

std::optional<RehearsalRecord> Rehearsal::poll(HostTime now) {
  if (!running_) return std::nullopt;
  const uint32_t probes = 2 * static_cast<uint32_t>(plan_.actions.size());
  while (true) {
    if (probe_ == nullptr) {
      if (next_ == probes) break;
      start_next(now);
      continue;
    }
    const ActionProgress progress = probe_->poll(now.steady_ns);
    if (progress == ActionProgress::running) return std::nullopt;
    take(*probe_, progress);
    probe_.reset();
    next_++;
  }
  running_ = false;
  return record_;
}

void Rehearsal::start_next(HostTime now) {
  const Action& action = plan_.actions[next_ / 2];
  const bool of_version = next_ % 2 == 1;
  const bool absent = of_version && action.probe.count == 0;
  if (absent || is_of_hook(action.purpose)) {
    next_++;
    return;
  }
  ActionRequest request;
  request.kind = of_version ? ActionKind::command : action.kind;
  request.mode = of_version ? ActionMode::act : ActionMode::probe;
  request.arguments = arguments_of(plan_, of_version ? action.probe : action.arguments);
  request.facts = facts_of(plan_, &action);
  request.facts.event = "rehearsal";
  request.facts.summary = "the way back is tried without doing it";
  request.facts.time_ns = now.now_ns;
  request.facts.report_folder = report_folder_;
  request.key = fmt::format("{}/rehearsal/{}/{}", plan_.release, compact_time_text(now.now_ns),
                            next_ / 2 + 1);
  request.now_ns = now.now_ns;
  probe_ = start_action(request, actuators_, now.steady_ns);
}

void Rehearsal::take(const RunningAction& ended, ActionProgress progress) {
  const bool passed = progress == ActionProgress::done;
  record_.passed = record_.passed && passed;
  record_.detail += fmt::format("{}{} `{}`: {}", record_.detail.empty() ? "" : "\n",
                                passed ? "ok" : "failed",
                                plan_.text(plan_.actions[next_ / 2].text),
                                without_secrets(actuators_.rules, ended.detail()));
}

}  // namespace rel
