// Which memory of a release is believed after a restart.
#include "runtime/host/recovery.h"

#include <catch2/catch.hpp>

using namespace rel;

namespace {

EngineState at(Phase phase, uint32_t stage, uint32_t step, uint64_t epoch = 0) {
  EngineState state;
  state.phase = phase;
  if (phase != Phase::idle) state.stage = StageId{stage};
  state.step = step;
  state.epoch = epoch;
  state.next_decision_id = 10;
  return state;
}

JournaledState known(const EngineState& state) {
  return {.state = state, .last_decision_id = state.next_decision_id - 1};
}

RaiseRecord raise_to(uint32_t stage, uint32_t step, RaiseOutcome outcome) {
  return {{.id = 7, .kind = RaiseKind::step, .stage = StageId{stage}, .step = step}, outcome};
}

}  // namespace

TEST_CASE("memories that agree are left alone") {
  for (const Phase phase : {Phase::idle, Phase::running, Phase::completed, Phase::rolled_back,
                            Phase::withdrawn}) {
    const EngineState state = at(phase, 1, 0);
    const Recovery recovery = reconcile(known(state), state);
    CHECK(recovery.kind == RecoveryKind::follow_mapping);
    CHECK(recovery.why.empty());
  }
  CHECK(reconcile(std::nullopt, at(Phase::idle, 0, 0)).kind == RecoveryKind::follow_mapping);
}

TEST_CASE("a way back that only the gateway knows stands") {
  const JournaledState journal = known(at(Phase::running, 1, 1));
  CHECK(reconcile(journal, at(Phase::rolled_back, 1, 1, 1)).kind == RecoveryKind::follow_mapping);
  CHECK(reconcile(journal, at(Phase::withdrawn, 1, 1)).kind == RecoveryKind::follow_mapping);
  CHECK(reconcile(std::nullopt, at(Phase::rolled_back, 1, 1, 1)).kind ==
        RecoveryKind::follow_mapping);
}

TEST_CASE("a way back that only the journal knows stands") {
  for (const EngineState& back : {at(Phase::rolled_back, 1, 1, 1), at(Phase::withdrawn, 1, 1)}) {
    for (const EngineState& mapping : {at(Phase::idle, 0, 0), at(Phase::running, 1, 1)}) {
      const Recovery recovery = reconcile(known(back), mapping);
      CHECK(recovery.kind == RecoveryKind::restore_journal);
      CHECK(recovery.state.phase == back.phase);
    }
  }
}

TEST_CASE("exposure that the journal does not permit is taken back") {
  JournaledState journal = known(at(Phase::running, 0, 0));
  const EngineState further = at(Phase::running, 0, 1);
  CHECK(reconcile(journal, further).kind == RecoveryKind::restore_journal);
  CHECK(reconcile(std::nullopt, further).kind == RecoveryKind::restore_journal);
  CHECK(reconcile(std::nullopt, further).state.phase == Phase::idle);

  journal.raise = raise_to(0, 1, RaiseOutcome::permitted);
  CHECK(reconcile(journal, further).kind == RecoveryKind::follow_mapping);
  CHECK(reconcile(journal, at(Phase::running, 1, 0)).kind == RecoveryKind::restore_journal);
  journal.raise->outcome = RaiseOutcome::taken_back;
  CHECK(reconcile(journal, further).kind == RecoveryKind::restore_journal);
}

TEST_CASE("a gateway that has forgotten goes on where the journal is, with fresh numbers") {
  JournaledState journal = known(at(Phase::running, 1, 0));
  journal.state.pending = raise_to(1, 1, RaiseOutcome::permitted).raise;
  journal.last_decision_id = 20;
  EngineState fresh;
  fresh.next_raise_id = 9;
  const Recovery without = reconcile(journal, fresh);
  CHECK(without.kind == RecoveryKind::restore_journal);
  CHECK(without.state.next_decision_id == 21);
  CHECK(without.state.next_raise_id == 9);
  // Asked for, but not durable: it never happened.
  CHECK(without.state.pending.kind == RaiseKind::none);
  journal.raise = raise_to(1, 1, RaiseOutcome::permitted);
  CHECK(reconcile(journal, fresh).state.pending.id == 7);
}

TEST_CASE("what became of a raise is read off the state") {
  const Raise step = raise_to(1, 1, RaiseOutcome::permitted).raise;
  CHECK(outcome_of(step, at(Phase::running, 1, 1)) == RaiseOutcome::took_effect);
  CHECK(outcome_of(step, at(Phase::rolled_back, 1, 1)) == RaiseOutcome::took_effect);
  CHECK(outcome_of(step, at(Phase::running, 1, 0)) == RaiseOutcome::taken_back);
  CHECK(outcome_of(step, at(Phase::rolled_back, 1, 0)) == RaiseOutcome::taken_back);
  const Raise complete{.id = 8, .kind = RaiseKind::complete, .stage = StageId{1}};
  CHECK(outcome_of(complete, at(Phase::completed, 1, 0)) == RaiseOutcome::took_effect);
  CHECK(outcome_of(complete, at(Phase::withdrawn, 1, 0)) == RaiseOutcome::taken_back);
  const Raise start{.id = 1, .kind = RaiseKind::start, .stage = StageId{0}};
  CHECK(outcome_of(start, at(Phase::running, 0, 0)) == RaiseOutcome::took_effect);
  CHECK(outcome_of(start, at(Phase::idle, 0, 0)) == RaiseOutcome::taken_back);
}
