// Conditions as predicates of a plan: nodes in post order, shared subexpressions once, folds with
// bodies of their own, sustains before the predicates that read them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/plan/tests.h"

namespace rel {

// How a condition is read: as written, or its twin from the baseline and without `for`, which tells
// whether the baseline is as bad.
enum class Reader : uint8_t { as_written, from_baseline };

class PredicateTable {
 public:
  PredicateTable(const sema::TypedPolicy& policy, Plan& plan, PlanTables& tables,
                 TestTable& tests)
      : policy_(policy), plan_(plan), tables_(tables), tests_(tests) {}

  PredicateId predicate(sema::TypedId condition, Reader reader);
  // The sustain that an expression of op `sustained` is.
  SustainId sustain(sema::TypedId sustained);

 private:
  friend class NodeList;

  const sema::TypedPolicy& policy_;
  Plan& plan_;
  PlanTables& tables_;
  TestTable& tests_;
  std::map<std::string, PredicateId> predicates_;  // by the bytes of their nodes
  std::map<std::string, SustainId> sustains_;  // by their rows
};

}  // namespace rel
