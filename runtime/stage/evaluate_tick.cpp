// The evaluation of every predicate of a tick, and of what is read of them over time.
#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/eval/evaluator.h"
#include "runtime/stage/step_parts.h"
#include "runtime/stage/temporal.h"

namespace rel {
namespace {

// The predicate after which everything a sustain reads is known.
uint32_t known_after(const Sustain& sustain) {
  if (sustain.kind != SustainKind::latch) return sustain.input.value;
  return std::max(sustain.input.value, sustain.until.value);
}

}  // namespace

void evaluate_tick(const Plan& plan, const Evaluator& evaluator, std::span<const double> values,
                   std::span<const uint8_t> causes, EngineState& state, int64_t now_ns,
                   TickVerdicts& verdicts) {
  REL_CHECK(values.size() >= plan.frame_size && causes.size() >= plan.frame_size);
  const uint32_t count = static_cast<uint32_t>(plan.sustains.size());
  if (stage::is_clock_gap(state, now_ns)) {
    for (uint32_t i = 0; i < count; ++i) forget_watched(plan.sustains[i], state.sustains[i]);
  }

  // The sustains of each predicate as chains, so that one pass over the predicates is enough.
  constexpr uint32_t end_of_chain = 0xffffffff;
  std::array<uint32_t, limits::predicates_max> first;
  std::array<uint32_t, limits::sustains_max> next;
  std::fill_n(first.begin(), plan.predicates.size(), end_of_chain);
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t& head = first[known_after(plan.sustains[i])];
    next[i] = head;
    head = i;
  }

  std::array<uint8_t, limits::sustains_max> sustained;
  const FrameView frame{values.data(), causes.data(), sustained.data()};
  const TickTime time{now_ns, state.stage_entered_ns};
  for (uint32_t p = 0; p < plan.predicates.size(); ++p) {
    verdicts.predicates[p] = evaluator(PredicateId{p}, frame);
    for (uint32_t i = first[p]; i != end_of_chain; i = next[i]) {
      const Sustain& sustain = plan.sustains[i];
      const Verdict input = verdicts.predicates[sustain.input.value];
      const Verdict until = sustain.kind == SustainKind::latch
                                ? verdicts.predicates[sustain.until.value]
                                : Verdict::is_false;
      verdicts.sustains[i] = update_sustain(sustain, state.sustains[i], input, until, time);
      sustained[i] = static_cast<uint8_t>(verdicts.sustains[i]);
    }
  }
}

}  // namespace rel
