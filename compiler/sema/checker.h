// One walk over an expression of one file, with the parameters of at most one guard bound. Private
// to conditions.cpp, temporal.cpp, evidence.cpp, arithmetic.cpp, aggregates.cpp and guards.cpp;
// others use conditions.h.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "compiler/sema/conditions.h"

namespace rel::sema {

class Checker {
 public:
  Checker(Conditions& shared, const Context& context, const ast::File& file,
          std::span<const Bound> bound)
      : shared_(shared), context_(context), file_(file), bound_(bound) {
    context_.bound = bound;
  }

  // conditions.cpp
  Checked verdict(ast::ExprId id);
  Checked number(ast::ExprId id, Reading& reading);

  // guards.cpp: a constant for a parameter or argument, in its unit
  std::optional<Amount> constant(ast::ExprId id);
  std::vector<Bound> bind_types(const ast::Guard& guard);
  std::optional<Unit> parameter_unit(const ast::Parameter& parameter);
  std::optional<std::vector<Bound>> bind(const ast::Expr& call, const Callee& callee);

  // guards.cpp: what a guard, gate or measure is, without its parameters
  Checked body_of(const ast::Guard& guard, Reading& reading);

 private:
  // conditions.cpp
  Checked expression(ast::ExprId id, Reading& reading);
  Checked quantity(const ast::Expr& expr);
  Checked name(const ast::Expr& expr, Reading& reading);
  Checked logical(const ast::Expr& expr, Op op);
  Checked negation(const ast::Expr& expr);
  Checked comparison(const ast::Expr& expr, Op op);
  bool suffixes(const ast::Expr& expr, TypedExpr& typed, Reading& reading);
  bool fold(const ast::SegmentFold& written, TypedExpr& typed);
  bool fold_fits(const ast::SegmentFold& written, const TypedFold& fold);
  uint64_t cells_of(const TypedFold& fold) const;
  bool requests_fit(const ast::Expr& expr, uint32_t requests);
  Checked bare_metric(Span span, std::string_view metric);

  // temporal.cpp
  Checked sustained(const ast::Expr& expr);
  bool check_counts(const ast::Expr& expr, TypedExpr& typed);

  // evidence.cpp
  Checked evidence(const ast::Expr& expr, Reading& reading);
  Checked spread(const ast::Expr& expr, Reading& reading);
  struct EvidenceNumbers {
    std::vector<double> values;
    Unit unit;
    uint32_t row = 0;  // of TypedPolicy::evidence
  };
  std::optional<EvidenceNumbers> evidence_numbers(const ast::Expr& expr, const ast::Name* by);
  std::optional<std::vector<double>> find_numbers(const ast::Expr& expr, const nlohmann::json& root,
                                                  const ast::Name* by);
  std::optional<std::vector<double>> numbers_by(const nlohmann::json& object, const ast::Name& by);
  std::optional<Amount> evidence_unit(const ast::Expr& expr);
  Checked evidence_constant(const ast::Expr& expr, double value, const EvidenceNumbers& numbers,
                            Reading& reading);

  // arithmetic.cpp
  Checked negate(const ast::Expr& expr, Reading& reading);
  Checked arithmetic(const ast::Expr& expr, Op op, Reading& reading);
  bool ambiguous_percent(const ast::Expr& expr, Op op, TypedId left, TypedId right);
  Checked folded(const ast::Expr& expr, Op op, Unit unit, TypedId left, TypedId right);
  void lend_unit(TypedId from, TypedId to);
  bool comparable(const ast::Expr& expr, TypedId left, TypedId right);
  void label_operand(Diagnostic& diagnostic, TypedId operand);

  // aggregates.cpp
  Checked call(const ast::Expr& expr, Reading& reading);
  Checked aggregate(const ast::Expr& expr, Reading& reading);
  struct Series {
    Arm arm = Arm::candidate;
    std::optional<uint32_t> metric;  // none: requests
  };
  Checked add_aggregate(const ast::Expr& expr, const Series& series, AggregateFn fn,
                        double quantile, Reading& reading);
  std::optional<Series> series(const ast::Expr& call, ast::ExprId argument);
  std::optional<Series> category_series(const ast::Expr& call, const ast::Expr& equal);
  static std::string fitting_call(const TypedMetric& metric, std::string_view function,
                                  std::string_view argument);
  std::optional<uint32_t> metric_named(const ast::Name& name);
  bool function_fits(const ast::Expr& call, AggregateFn fn, const Series& series);
  bool has_both_arms(const ast::Expr& call, AggregateFn fn, const Series& series);
  bool is_told(const ast::Expr& call, AggregateFn fn, const Series& series);
  std::optional<double> quantile_of(const ast::Expr& call);

  // pairs.cpp
  std::optional<uint32_t> pair_metric(const ast::Expr& call);
  Checked pair_number(const ast::Expr& call, Reading& reading);

  // statistical.cpp
  Checked statistical(const ast::Expr& expr);
  struct Subject {
    uint32_t metric = 0;
    std::optional<AggregateFn> fn;  // none: the metric itself
    double quantile = 0;
  };
  std::optional<Subject> subject(const ast::Expr& expr);
  std::optional<Subject> in_order(Span span, const Subject& what);
  bool statistical_suffixes(const ast::Expr& expr, TypedComparison& test);
  std::optional<double> level(const ast::Expr& expr);
  Checked against_baseline(const ast::Expr& expr, const Subject& subject, TypedComparison test);
  Checked against_constant(const ast::Expr& expr, const Subject& subject, TypedComparison test);
  std::optional<TypedComparison> with_margin(const ast::Expr& expr, const Subject& subject,
                                             TypedComparison test, bool shift_is_worse,
                                             bool finding_is_worse);
  Checked evidence_of(TypedComparison test, const ast::Expr& expr);
  Checked with_estimate(const ast::Expr& expr, const Checked& evidence, const Amount& least);
  TypedId load_of(const TypedComparison& test, uint32_t row, AggregateFn fn, Arm arm, Span span);
  bool reads_test(TypedId id) const;

  // guards.cpp
  Checked guard_call(const ast::Expr& expr, const Declared<ast::Guard>& guard, Reading& reading);
  // The body of a definition: a number for a measure, else a condition.
  bool place_arguments(const ast::Expr& call, const Callee& callee,
                       std::vector<const ast::Argument*>& placed);
  std::optional<Bound> bind_argument(const ast::Parameter& parameter,
                                     const ast::Argument& argument);
  void report_inlined(const ast::Expr& call, const Declared<ast::Guard>& guard,
                      const Diagnostics& found);

  Checked poison() const { return {}; }
  Checked add(Type type, TypedExpr typed);
  const ast::Expr& at(ast::ExprId id) const { return file_[id]; }
  const TypedExpr& typed(TypedId id) const { return context_.policy[id]; }
  TypedExpr& typed(TypedId id) { return context_.policy.exprs[id.value]; }

  Conditions& shared_;
  Context context_;
  const ast::File& file_;
  std::span<const Bound> bound_;
};

// `agreement`, `difference`, `loss`, `unanswered` (pairs.cpp).
bool is_pair_function(std::string_view name);

// `2%`, `300ms`: a number in this unit as a policy would write it.
std::string_view example_of(Unit unit);

}  // namespace rel::sema
