// The statistical tests of a plan: each fact once, with the aggregates that show it, the pane it
// may restart at, and the share of requests always tested against the route. Input: tests of the
// typed policy as conditions read them. Output: rows of Plan::tests and the aggregates of the
// frame. Owner: one lowering.
#pragma once

#include <map>
#include <string>

#include "compiler/plan/tables.h"

namespace rel {

class TestTable {
 public:
  TestTable(const sema::TypedPolicy& policy, Plan& plan, PlanTables& tables)
      : policy_(policy), plan_(plan), tables_(tables) {}

  // Tests read from now on belong to a trigger of this action, in this stage (none: in all).
  void within(StageId stage, TriggerAction action) {
    stage_ = stage;
    action_ = action;
  }
  // The aggregate of the frame that holds this number of a test.
  AggregateId aggregate(const sema::TypedAggregate& read);

  // Once every stage and trigger is lowered: over how long starts are spread, the error budget, and
  // the hold for a share of requests that does not fit the route.
  void finish(const sema::TypedRelease& release);

 private:
  uint32_t test(const sema::TypedComparison& typed, Arm arm);
  AggregateId append(AggregateFn fn, Arm arm, const EvidenceTest& row, uint32_t cell_first,
                     uint32_t cell_count, std::string text, PlanUnit unit);
  void add_cells(const sema::TypedComparison& typed, EvidenceTest& row);
  void add_run(const sema::TypedComparison& typed, EvidenceTest& row, uint32_t cell_first,
               uint32_t cell_count);
  void spread_starts(EvidenceTest& row) const;
  int64_t length_of(const Stage& stage) const;
  void check_budget(const sema::TypedRelease& release);
  void watch_sample_ratio(const sema::TypedRelease& release);

  const sema::TypedPolicy& policy_;
  Plan& plan_;
  PlanTables& tables_;
  StageId stage_;
  TriggerAction action_ = TriggerAction::rollback;
  std::map<std::string, uint32_t> known_;
  std::map<uint32_t, Span> rolls_back_;  // tests of rollback triggers, and where they stand
};

}  // namespace rel
