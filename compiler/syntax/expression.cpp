// Precedence, suffixes and the limit of depth.
#include "compiler/syntax/expression.h"

#include <algorithm>
#include <string>

#include "runtime/base/check.h"
#include "runtime/base/limits.h"

namespace rel {

using ast::Expr;
using ast::ExprId;
using ast::ExprKind;
using Item = ExpressionItem;

namespace {

bool is_comparison(ExprKind kind) {
  return kind >= ExprKind::less && kind <= ExprKind::not_equal;
}

std::string_view suffix_name(Item::Kind kind) {
  switch (kind) {
    case Item::Kind::over:
      return "a window (`over`)";
    case Item::Kind::in:
      return "a segment (`in`)";
    case Item::Kind::samples_min:
      return "a minimum of samples (`with at least`)";
    case Item::Kind::operand:
    case Item::Kind::prefix:
    case Item::Kind::binary:
    case Item::Kind::comparative:
      return "this";
  }
  return {};
}

bool is_suffix(Item::Kind kind) {
  return kind == Item::Kind::over || kind == Item::Kind::in || kind == Item::Kind::samples_min;
}

Expr node(ExprKind kind, Span span) {
  Expr made;
  made.kind = kind;
  made.span = span;
  made.operator_span = span;
  return made;
}

}  // namespace

ExprId ExpressionBuilder::add(Expr expr) {
  uint32_t below = 0;
  const auto look_at = [&](ExprId id) {
    if (!id.is_none()) below = std::max(below, depths_[id.value]);
  };
  look_at(expr.left);
  look_at(expr.right);
  for (const ast::Argument& argument : expr.arguments) look_at(argument.value);
  if (below >= limits::nesting_max) {
    if (!too_deep_)
      diagnostics_
          .report(Code::nesting_too_deep, expr.operator_span,
                  "an expression of more than " + std::to_string(limits::nesting_max) + " levels")
          .with_help("name parts of the condition as a `guard` and use those");
    too_deep_ = true;
    return error(expr.span);
  }
  exprs_.push_back(std::move(expr));
  depths_.push_back(below + 1);
  return ExprId{static_cast<uint32_t>(exprs_.size() - 1)};
}

ExprId ExpressionBuilder::error(Span span) {
  exprs_.push_back(node(ExprKind::error, span));
  depths_.push_back(1);
  return ExprId{static_cast<uint32_t>(exprs_.size() - 1)};
}

// One pass over the items of an expression, one function a level of precedence.
class PrecedenceReader {
 public:
  PrecedenceReader(ExpressionBuilder& builder, const std::vector<Item>& items)
      : builder_(builder), items_(items) {}

  ExprId read() {
    const ExprId whole = chain(ExprKind::logical_or);
    REL_CHECK(at_ == items_.size());
    return whole;
  }

 private:
  // `a and b and c`, `a or b or c`
  ExprId chain(ExprKind op) {
    std::vector<ExprId> terms;
    std::vector<Span> operators;
    for (;;) {
      terms.push_back(op == ExprKind::logical_or ? chain(ExprKind::logical_and) : negation());
      if (!next_is(op)) break;
      operators.push_back(items_[at_++].span);
    }
    return balanced(op, terms, operators, 0, terms.size());
  }

  ExprId balanced(ExprKind op, const std::vector<ExprId>& terms, const std::vector<Span>& operators,
                  size_t first, size_t last) {
    if (last - first == 1) return terms[first];
    const size_t middle = first + (last - first + 1) / 2;
    return binary(op, operators[middle - 1], balanced(op, terms, operators, first, middle),
                  balanced(op, terms, operators, middle, last));
  }

  ExprId negation() {
    const size_t first = at_;
    while (at_ < items_.size() && items_[at_].kind == Item::Kind::prefix &&
           items_[at_].op == ExprKind::logical_not)
      ++at_;
    const size_t count = at_ - first;
    ExprId made = comparison();
    for (size_t i = 0; i < count; ++i) made = unary(items_[first + count - 1 - i], made);
    return made;
  }

  ExprId comparison() {
    const ExprId left = sum();
    ExprId made = left;
    bool compared = false;
    while (at_ < items_.size()) {
      const Item& item = items_[at_];
      if (item.kind == Item::Kind::comparative) {
        if (compared) return chained(item, left);
        Expr expr = node(ExprKind::statistical, join(builder_[left].span, item.span));
        expr.operator_span = item.span;
        expr.left = left;
        expr.comparative = item.comparative;
        made = builder_.add(std::move(expr));
        ++at_;
        compared = true;
      } else if (item.kind == Item::Kind::binary && is_comparison(item.op)) {
        if (compared) return chained(item, left);
        ++at_;
        made = binary(item.op, item.span, left, sum());
        compared = true;
      } else if (is_suffix(item.kind)) {
        if (!compared) return misplaced(item, left);
        add_suffix(made, item);
        ++at_;
      } else if (item.kind == Item::Kind::binary && item.op != ExprKind::logical_and &&
                 item.op != ExprKind::logical_or) {
        // Arithmetic after a suffix: `a > b over 1m + 2`.
        return misplaced(items_[at_ - 1], left);
      } else {
        break;
      }
    }
    return made;
  }

  ExprId sum() {
    ExprId left = product();
    while (next_is(ExprKind::add) || next_is(ExprKind::subtract)) {
      const Item& item = items_[at_++];
      left = binary(item.op, item.span, left, product());
    }
    return left;
  }

  ExprId product() {
    ExprId left = value();
    while (next_is(ExprKind::multiply) || next_is(ExprKind::divide)) {
      const Item& item = items_[at_++];
      left = binary(item.op, item.span, left, value());
    }
    return left;
  }

  ExprId value() {
    const size_t first = at_;
    bool has_not = false;
    while (items_[at_].kind == Item::Kind::prefix) {
      if (items_[at_].op == ExprKind::logical_not && !has_not) {
        has_not = true;
        builder_.diagnostics_
            .report(Code::unexpected_token, items_[at_].span, "expected a value before `not`")
            .with_help("`not` stands before a whole comparison: `not p99(latency) > 300ms`");
      }
      ++at_;
    }
    const size_t count = at_ - first;
    REL_CHECK(items_[at_].kind == Item::Kind::operand);
    const Item& operand = items_[at_++];
    if (has_not) return builder_.error(operand.span);
    ExprId made = operand.operand;
    for (size_t i = 0; i < count; ++i) made = unary(items_[first + count - 1 - i], made);
    return made;
  }

  ExprId unary(const Item& prefix, ExprId operand) {
    Expr expr = node(prefix.op, join(prefix.span, builder_[operand].span));
    expr.operator_span = prefix.span;
    expr.left = operand;
    return builder_.add(std::move(expr));
  }

  ExprId binary(ExprKind op, Span sign, ExprId left, ExprId right) {
    Expr expr = node(op, join(builder_[left].span, builder_[right].span));
    expr.operator_span = sign;
    expr.left = left;
    expr.right = right;
    return builder_.add(std::move(expr));
  }

  void add_suffix(ExprId comparison, const Item& item) {
    Expr& expr = builder_.exprs_[comparison.value];
    const bool taken = (item.window && expr.over) || (item.fold && expr.in) ||
                       (item.quantity && expr.samples_min);
    if (taken) {
      builder_.diagnostics_
          .report(Code::repeated_clause, item.span,
                  "a comparison has " + std::string(suffix_name(item.kind)) + " only once")
          .label(expr.span, "it has one already");
      return;
    }
    if (item.window) expr.over = item.window;
    if (item.fold) expr.in = item.fold;
    if (item.quantity) expr.samples_min = item.quantity;
    expr.span = join(expr.span, item.span);
  }

  ExprId chained(const Item& item, ExprId left) {
    builder_.diagnostics_
        .report(Code::chained_comparison, item.span, "comparisons cannot be chained")
        .primary("a second comparison")
        .with_help("write two comparisons and join them: `a < b and b < c`");
    return skip_comparison(left);
  }

  ExprId misplaced(const Item& suffix, ExprId left) {
    Diagnostic& made = builder_.diagnostics_.report(
        Code::misplaced_suffix, suffix.span,
        std::string(suffix_name(suffix.kind)) + " stands at the end of a comparison");
    const bool operator_follows = std::any_of(
        items_.begin() + static_cast<ptrdiff_t>(at_), items_.end(), [](const Item& item) {
          return item.kind == Item::Kind::binary && item.op != ExprKind::logical_and &&
                 item.op != ExprKind::logical_or;
        });
    made.label(builder_[left].span,
               operator_follows ? "the comparison is not finished here" : "this compares nothing");
    if (operator_follows)
      made.with_help("write it last: `p99(latency) > 300ms over 1m`");
    else
      made.with_help("a guard or a bracket has windows of its own: write them in its comparisons");
    return skip_comparison(left);
  }

  // To the `and` or `or` that ends a comparison that is not understood.
  ExprId skip_comparison(ExprId left) {
    while (at_ < items_.size() && !next_is(ExprKind::logical_and) &&
           !next_is(ExprKind::logical_or))
      ++at_;
    return builder_.error(join(builder_[left].span, items_[at_ - 1].span));
  }

  bool next_is(ExprKind op) const {
    return at_ < items_.size() && items_[at_].kind == Item::Kind::binary && items_[at_].op == op;
  }

  ExpressionBuilder& builder_;
  const std::vector<Item>& items_;
  size_t at_ = 0;
};

ExprId ExpressionBuilder::build(const std::vector<Item>& items) {
  const ExprId whole = PrecedenceReader(*this, items).read();
  // What was built on top of the part that is too deep has no meaning.
  return too_deep_ ? error(exprs_[whole.value].span) : whole;
}

}  // namespace rel
