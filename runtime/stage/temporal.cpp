#include "runtime/stage/temporal.h"

#include <algorithm>
#include <bit>

#include "runtime/base/check.h"

namespace rel {
namespace {

// Index of a cause in SustainState::last_unknown_ns and unknown_check.
size_t index_of(Cause cause) {
  return cause == cause_source_error ? 2 : cause == cause_no_data ? 1 : 0;
}

bool within(int64_t time_ns, int64_t duration_ns, int64_t now_ns) {
  return time_ns != 0 && now_ns - time_ns <= duration_ns;
}

constexpr uint64_t last_bits(uint32_t count) {
  return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}

uint64_t shifted(uint64_t bits, uint32_t by) { return by >= 64 ? 0 : bits << by; }

// The cause with precedence among the unknown ones of the last `count` checks; those before the
// stage, and those no tick was there for, are insufficient.
Verdict unknown_among(const SustainState& state, uint32_t count) {
  const uint32_t first = state.checks > count ? state.checks - count + 1 : 1;
  constexpr Verdict verdicts[] = {Verdict::insufficient, Verdict::no_data, Verdict::source_error};
  for (size_t cause = 3; cause-- > 1;) {
    if (state.unknown_check[cause] >= first) return verdicts[cause];
  }
  return Verdict::insufficient;
}

void make_check(const Sustain& sustain, SustainState& state, Verdict input, uint32_t passed) {
  state.checks_true = shifted(state.checks_true, passed);
  state.checks_false = shifted(state.checks_false, passed);
  state.checks += passed;
  state.last = static_cast<uint8_t>(input);
  if (is_unknown(input)) {
    state.unknown_check[index_of(cause_of(input))] = state.checks;
  } else {
    (input == Verdict::is_true ? state.checks_true : state.checks_false) |= 1;
  }
  const Verdict failure =
      sustain.kind == SustainKind::failures_within ? Verdict::is_false : Verdict::is_true;
  if (input == failure) ++state.failures;
}

Verdict counted(const Sustain& sustain, const SustainState& state) {
  const auto last = static_cast<Verdict>(state.last);
  const auto so_far = [&](Verdict known) {
    if (state.checks == 0) return Verdict::insufficient;
    return is_unknown(last) ? last : known;
  };
  const bool exceeded = state.failures > sustain.count;
  switch (sustain.kind) {
    case SustainKind::consecutive: {
      const uint64_t looked_at = last_bits(sustain.count);
      if (state.checks_false & looked_at) return Verdict::is_false;
      if ((state.checks_true & looked_at) == looked_at) return Verdict::is_true;
      return unknown_among(state, sustain.count);
    }
    case SustainKind::of_last: {
      const uint64_t looked_at = last_bits(sustain.of);
      const auto trues = static_cast<uint32_t>(std::popcount(state.checks_true & looked_at));
      const auto falses = static_cast<uint32_t>(std::popcount(state.checks_false & looked_at));
      if (trues >= sustain.count) return Verdict::is_true;
      if (sustain.of - falses < sustain.count) return Verdict::is_false;
      return unknown_among(state, sustain.of);
    }
    case SustainKind::failures_over:
      return exceeded ? Verdict::is_true : so_far(Verdict::is_false);
    case SustainKind::failures_within:
      return exceeded ? Verdict::is_false : so_far(Verdict::is_true);
    case SustainKind::held:
    case SustainKind::latch:
    case SustainKind::keep: break;
  }
  REL_CHECK(false);
}

}  // namespace

Verdict update_held(SustainState& state, Verdict input, int64_t duration_ns, int64_t now_ns) {
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

Verdict update_checks(const Sustain& sustain, SustainState& state, Verdict input,
                      const TickTime& time) {
  if (time.stage_entered_ns == 0) return counted(sustain, state);  // no stage, no checks
  const int64_t due = (time.now_ns - time.stage_entered_ns) / sustain.duration_ns;
  if (due > int64_t{state.checks}) {
    make_check(sustain, state, input, static_cast<uint32_t>(due - int64_t{state.checks}));
  }
  return counted(sustain, state);
}

Verdict update_latch(SustainState& state, Verdict input, Verdict until) {
  if (state.checks_true == 0) {
    if (input == Verdict::is_true) state.checks_true = 1;
    return input;
  }
  if (until != Verdict::is_true) return Verdict::is_true;
  state.checks_true = 0;
  return input == Verdict::is_true ? Verdict::is_false : input;
}

Verdict update_keep(SustainState& state, Verdict input, int64_t keep_ns, int64_t now_ns) {
  if (!is_unknown(input)) {
    state.last = static_cast<uint8_t>(input);
    state.true_since_ns = now_ns;
    return input;
  }
  return within(state.true_since_ns, keep_ns, now_ns) ? static_cast<Verdict>(state.last) : input;
}

Verdict update_sustain(const Sustain& sustain, SustainState& state, Verdict input, Verdict until,
                       const TickTime& time) {
  switch (sustain.kind) {
    case SustainKind::held:
      return update_held(state, input, sustain.duration_ns, time.now_ns);
    case SustainKind::consecutive:
    case SustainKind::of_last:
    case SustainKind::failures_over:
    case SustainKind::failures_within: return update_checks(sustain, state, input, time);
    case SustainKind::latch: return update_latch(state, input, until);
    case SustainKind::keep:
      return update_keep(state, input, sustain.duration_ns, time.now_ns);
  }
  REL_CHECK(false);
}

void forget_watched(const Sustain& sustain, SustainState& state) {
  if (sustain.kind == SustainKind::held || sustain.kind == SustainKind::keep) {
    state = SustainState{};
  }
}

}  // namespace rel
