// `for D`, and the evaluation of every predicate of a tick.
#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/eval/evaluator.h"
#include "runtime/stage/step_parts.h"

namespace rel {
namespace {

// Index of a cause in SustainState::last_unknown_ns.
size_t index_of(Cause cause) {
  return cause == cause_source_error ? 2 : cause == cause_no_data ? 1 : 0;
}

bool within(int64_t time_ns, int64_t duration_ns, int64_t now_ns) {
  return time_ns != 0 && now_ns - time_ns <= duration_ns;
}

}  // namespace

Verdict update_sustain(SustainState& state, Verdict input, int64_t duration_ns, int64_t now_ns) {
  if (input == Verdict::is_true) {
    if (state.true_since_ns == 0) state.true_since_ns = now_ns;
  } else {
    state.true_since_ns = 0;
    if (input == Verdict::is_false) state.last_false_ns = now_ns;
    else state.last_unknown_ns[index_of(cause_of(input))] = now_ns;
  }
  if (within(state.last_false_ns, duration_ns, now_ns)) return Verdict::is_false;
  if (state.true_since_ns != 0 && now_ns - state.true_since_ns >= duration_ns) {
    return Verdict::is_true;
  }
  if (within(state.last_unknown_ns[2], duration_ns, now_ns)) return Verdict::source_error;
  if (within(state.last_unknown_ns[1], duration_ns, now_ns)) return Verdict::no_data;
  return Verdict::insufficient;
}

void evaluate_tick(const Plan& plan, const Evaluator& evaluator, std::span<const double> values,
                   std::span<const uint8_t> causes, EngineState& state, int64_t now_ns,
                   TickVerdicts& verdicts) {
  REL_CHECK(values.size() >= plan.frame_size && causes.size() >= plan.frame_size);
  const uint32_t count = static_cast<uint32_t>(plan.sustains.size());
  if (stage::is_clock_gap(state, now_ns)) {
    std::fill_n(state.sustains, count, SustainState{});
  }

  // The sustains of each predicate as chains, so that one pass over the predicates is enough.
  constexpr uint32_t end_of_chain = 0xffffffff;
  std::array<uint32_t, limits::predicates_max> first;
  std::array<uint32_t, limits::sustains_max> next;
  std::fill_n(first.begin(), plan.predicates.size(), end_of_chain);
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t& head = first[plan.sustains[i].input.value];
    next[i] = head;
    head = i;
  }

  std::array<uint8_t, limits::sustains_max> sustained;
  const FrameView frame{values.data(), causes.data(), sustained.data()};
  for (uint32_t p = 0; p < plan.predicates.size(); ++p) {
    const Verdict verdict = evaluator(PredicateId{p}, frame);
    verdicts.predicates[p] = verdict;
    for (uint32_t i = first[p]; i != end_of_chain; i = next[i]) {
      verdicts.sustains[i] =
          update_sustain(state.sustains[i], verdict, plan.sustains[i].duration_ns, now_ns);
      sustained[i] = static_cast<uint8_t>(verdicts.sustains[i]);
    }
  }
}

}  // namespace rel
