#include "runtime/host/replay.h"

#include <xxhash.h>

#include <memory>
#include <unordered_map>
#include <unordered_set>

#include <fmt/core.h>

#include "runtime/base/time_text.h"
#include "runtime/eval/evaluator.h"
#include "runtime/journal/record.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/engine.h"
#include "runtime/stage/state_bytes.h"
#include "runtime/stage/tick_record.h"

namespace rel {
namespace {

uint64_t checksum_of(const Plan& plan, const EngineState& state) {
  const std::string bytes = encode_state(plan, state);
  return XXH64(bytes.data(), bytes.size(), 0);
}

class Replay {
 public:
  Replay(const PlanHistory& plans, std::span<const LoggedDecision> journal)
      : plans_(plans), plan_(&plans.present()), reader_(plans.present()) {
    for (const LoggedDecision& one : journal) {
      if (one.entry.decision.id != 0) journal_.emplace(one.entry.decision.id, &one.entry.decision);
    }
  }

  ReplayReport run(std::string_view recorded) {
    TickInput tick;
    while (report_.difference.empty()) {
      Result<bool> next = reader_.next(recorded, tick);
      if (!next) {
        report_.difference = next.error().message;
        break;
      }
      if (!*next) break;
      // The older file may begin in the middle: nothing is known before the first whole record.
      if (report_.ticks == 0 && !tick.whole) continue;
      if (settle_plan(tick) && settle_state(tick)) run_tick(tick);
    }
    look_for_missing();
    return std::move(report_);
  }

 private:
  // An evaluator runs with one plan; its first record is whole.
  bool settle_plan(const TickInput& tick) {
    if (!tick.whole) return true;
    plan_ = plans_.with_hash(tick.plan_hash);
    if (plan_ == nullptr) {
      report_.difference = fmt::format("the tick of {} was run with plan {:016x}, which is none of "
                                       "the release's",
                                       rfc3339_text(tick.now_ns), tick.plan_hash);
      return false;
    }
    used_.insert(tick.plan_hash);
    report_.plans = used_.size();
    evaluator_ = {.plan = plan_, .compiled = {}};
    return true;
  }

  bool settle_state(const TickInput& tick) {
    if (report_.ticks == 0) report_.first_ns = tick.now_ns;
    const bool follows =
        report_.ticks > 0 && checksum_of(*plan_, *state_) == tick.state_checksum;
    if (tick.whole) {
      if (report_.ticks > 0 && !follows) ++report_.gaps;
      *state_ = tick.state;
    } else if (!follows) {
      report_.difference = fmt::format("the state before the tick of {} comes out differently",
                                       rfc3339_text(tick.now_ns));
      return false;
    }
    ++report_.ticks;
    report_.last_ns = tick.now_ns;
    return true;
  }

  void run_tick(const TickInput& tick) {
    for (const HostEvent& event : tick.events) {
      engine_event(*plan_, *state_, event, tick.now_ns, *output_);
      take_decisions();
    }
    const EvidenceSource frame = reader_.frame();
    evaluate_tick(*plan_, evaluator_, frame.values, frame.causes, *state_, tick.now_ns,
                  *verdicts_);
    engine_tick(*plan_, *state_, *verdicts_, frame, tick.now_ns, *output_, tick.peers);
    take_decisions();
  }

  void take_decisions() {
    for (uint32_t i = 0; i < output_->decision_count; ++i) {
      const Decision& decision = output_->decisions[i];
      seen_.insert(decision.id);
      const auto known = journal_.find(decision.id);
      if (known == journal_.end()) {
        ++report_.undone;
      } else if (encode_decision(*known->second) == encode_decision(decision)) {
        ++report_.same;
      } else if (report_.difference.empty()) {
        report_.difference =
            fmt::format("decision {}: the journal has\n  {}\nthe replay gives\n  {}", decision.id,
                        decision_line(*plan_, *known->second), decision_line(*plan_, decision));
      }
    }
  }

  void look_for_missing() {
    for (const auto& [id, decision] : journal_) {
      if (seen_.count(id) != 0) continue;
      const bool inside = report_.ticks > 0 && decision->time_ns >= report_.first_ns &&
                          decision->time_ns <= report_.last_ns;
      if (inside && report_.gaps == 0 && report_.difference.empty()) {
        report_.difference = fmt::format("the replay does not give decision {}:\n  {}", id,
                                         decision_line(*plan_, *decision));
      }
      ++report_.unproven;
    }
  }

  const PlanHistory& plans_;
  const Plan* plan_;  // what the present ticks were run with
  TickReader reader_;
  Evaluator evaluator_;
  std::unordered_set<uint64_t> used_;
  std::unordered_map<uint64_t, const Decision*> journal_;
  std::unordered_set<uint64_t> seen_;
  std::unique_ptr<EngineState> state_ = std::make_unique<EngineState>();
  std::unique_ptr<StepOutput> output_ = std::make_unique<StepOutput>();
  std::unique_ptr<TickVerdicts> verdicts_ = std::make_unique<TickVerdicts>();
  ReplayReport report_;
};

}  // namespace

ReplayReport replay_ticks(const PlanHistory& plans, std::string_view recorded,
                          std::span<const LoggedDecision> journal) {
  return Replay(plans, journal).run(recorded);
}

}  // namespace rel
