// Precedence: from the flat list the parser reads to a tree. From loose to tight: `or`, `and`,
// `not`, comparisons, `+ -`, `* /`, `-x`. Chains of `and` and `or` become balanced trees and all
// other nesting is limited, so that any later step may recurse.
#pragma once

#include <optional>
#include <vector>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/syntax/ast.h"

namespace rel {

// One piece of an expression as written.
struct ExpressionItem {
  enum class Kind : uint8_t {
    operand,      // `operand`
    prefix,       // `op`: logical_not, negate
    binary,       // `op`: logical_and, logical_or, a comparison or arithmetic
    comparative,  // `worse than baseline by 2pp`
    over,         // suffixes of a comparison
    in,
    samples_min,
  };
  Kind kind = Kind::operand;
  Span span;
  ast::ExprKind op = ast::ExprKind::error;
  ast::ExprId operand;
  std::optional<ast::Window> window;
  std::optional<ast::SegmentFold> fold;
  std::optional<ast::Quantity> quantity;
  std::optional<ast::Comparative> comparative;
};

// Builds the nodes of one file's expressions.
class ExpressionBuilder {
 public:
  ExpressionBuilder(std::vector<ast::Expr>& exprs, Diagnostics& diagnostics)
      : exprs_(exprs), diagnostics_(diagnostics) {}

  // Adds a node whose operands were made by this builder. Too deep: an error node, and one
  // diagnostic for the file.
  ast::ExprId add(ast::Expr expr);
  ast::ExprId error(Span span);

  ast::ExprId build(const std::vector<ExpressionItem>& items);

  const ast::Expr& operator[](ast::ExprId id) const { return exprs_[id.value]; }

 private:
  friend class PrecedenceReader;

  std::vector<ast::Expr>& exprs_;
  std::vector<uint32_t> depths_;  // beside exprs_
  Diagnostics& diagnostics_;
  bool too_deep_ = false;
};

}  // namespace rel
