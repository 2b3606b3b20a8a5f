// Parse tree to Ast: part of the one translation unit that knows ANTLR (parse.cpp, which includes
// the generated parser before this). Input: the tree, with an error in some of its contexts.
// Output: the Ast without the statements that have one; what encloses them is marked incomplete.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "compiler/syntax/ast.h"
#include "compiler/syntax/expression.h"
#include "compiler/syntax/layout.h"
#include "compiler/syntax/literals.h"

namespace rel::syntax {

using P = ReleaseParser;
using antlr4::ParserRuleContext;
using antlr4::tree::TerminalNode;
using BrokenContexts = std::unordered_set<const antlr4::tree::ParseTree*>;

// What every part of the tree needs: places, names, quantities, texts, and conditions.
class TreeReader {
 public:
  TreeReader(const Sources& sources, ast::File& file, const Layout& layout,
             const BrokenContexts& broken, Diagnostics& diagnostics)
      : sources_(sources),
        file_(file),
        layout_(layout),
        broken_(broken),
        diagnostics_(diagnostics),
        builder_(file.exprs, diagnostics) {}

 protected:
  Span span(const antlr4::Token* token) const {
    const size_t start = token->getStartIndex();
    return Span{file_.id, static_cast<uint32_t>(start),
                static_cast<uint32_t>(token->getStopIndex() + 1 - start)};
  }
  Span span(TerminalNode* node) const { return span(node->getSymbol()); }
  Span span(const ParserRuleContext* context) const {
    const antlr4::Token* last = context->stop != nullptr ? context->stop : context->start;
    const Span first = span(context->start);
    return last->getStopIndex() + 1 < first.offset ? first : join(first, span(last));
  }

  // Has a part of it been diagnosed? Its meaning is then not what the tree says.
  bool is_broken(const ParserRuleContext* context) const {
    if (broken_.contains(context)) return true;
    const Span all = span(context);
    for (const Diagnostic& each : diagnostics_.all())
      if (each.span.file == file_.id && each.span.offset >= all.offset &&
          each.span.offset <= all.end())
        return true;
    return false;
  }

  ast::Name name(P::NameContext* context) const {
    return ast::Name{std::string(sources_.text(span(context))), span(context)};
  }
  ast::Name name(TerminalNode* node) const {
    return ast::Name{std::string(sources_.text(span(node))), span(node)};
  }
  ast::Quantity quantity(TerminalNode* node) const {
    return ast::Quantity{read_quantity(sources_.text(span(node))).parts, span(node)};
  }
  ast::String string(TerminalNode* node) const {
    return ast::String{read_string(sources_.text(span(node))).value, span(node)};
  }
  std::vector<ast::String> strings(const std::vector<TerminalNode*>& nodes) const {
    std::vector<ast::String> made;
    for (TerminalNode* node : nodes) made.push_back(string(node));
    return made;
  }
  std::string doc(const ParserRuleContext* context) const {
    const uint32_t offset = span(context).offset;
    for (const DocComment& each : layout_.docs)
      if (each.statement_offset == offset) return each.text;
    return {};
  }

  // Fills a clause that may stand once.
  template <typename T>
  void once(std::optional<T>& slot, T value, Span place, Span first) {
    if (!slot) {
      slot = std::move(value);
      return;
    }
    diagnostics_.report(Code::repeated_clause, place, "this is said twice")
        .primary("said again here")
        .label(first, "first said here");
  }
  template <typename T>
  void once(std::optional<T>& slot, T value, Span place) {
    const Span first = slot ? slot->span : place;
    once(slot, std::move(value), place, first);
  }

  // ---- conditions

  ast::Condition condition(P::ConditionContext* context) {
    ast::Condition made;
    made.span = span(context);
    made.expr = expression(context->expression());
    std::optional<Span> sustained;
    for (P::ConditionSuffixContext* suffix : context->conditionSuffix()) {
      const Span place = span(suffix);
      if (suffix->FOR() != nullptr) {
        once(sustained, place, place, sustained.value_or(place));
        if (*sustained == place) made.expr = sustain(made.expr, suffix);
      } else if (suffix->AFTER() != nullptr) {
        once(made.after, quantity(suffix->QUANTITY()), place);
      } else {
        once(made.even_if_baseline, place, place, made.even_if_baseline.value_or(place));
      }
    }
    return made;
  }

  ast::ExprId expression(P::ExpressionContext* context) {
    std::vector<ExpressionItem> items;
    for (antlr4::tree::ParseTree* child : context->children) add_items(child, items);
    return builder_.build(items);
  }

  const Sources& sources_;
  ast::File& file_;
  const Layout& layout_;
  const BrokenContexts& broken_;
  Diagnostics& diagnostics_;
  ExpressionBuilder builder_;

 private:
  using Item = ExpressionItem;

  ast::ExprId sustain(ast::ExprId inner, P::ConditionSuffixContext* suffix) {
    ast::Expr made;
    made.kind = ast::ExprKind::sustained;
    made.span = join(builder_[inner].span, span(suffix));
    made.operator_span = span(suffix);
    made.left = inner;
    made.duration = quantity(suffix->QUANTITY());
    return builder_.add(std::move(made));
  }

  // A condition in brackets is an operand: `after` and `even if` are of the whole `when`.
  ast::ExprId bracketed(P::ConditionContext* context) {
    const ast::Condition inner = condition(context);
    for (P::ConditionSuffixContext* suffix : context->conditionSuffix())
      if (suffix->FOR() == nullptr)
        diagnostics_
            .report(Code::misplaced_suffix, span(suffix),
                    "this governs a whole `when` and cannot stand in brackets")
            .with_help("write it at the end of the statement");
    return inner.expr;
  }

  void add_items(antlr4::tree::ParseTree* child, std::vector<Item>& items) {
    const auto* context = static_cast<ParserRuleContext*>(child);
    Item item;
    item.span = span(context);
    switch (context->getRuleIndex()) {
      case P::RuleTail:
        for (antlr4::tree::ParseTree* part : child->children) add_items(part, items);
        return;
      case P::RulePrefix:
        item.kind = Item::Kind::prefix;
        item.op = context->start->getType() == P::NOT ? ast::ExprKind::logical_not
                                                       : ast::ExprKind::negate;
        break;
      case P::RuleBinary:
        item.kind = Item::Kind::binary;
        item.op = binary_kind(context->start->getType());
        break;
      case P::RuleOperand:
        item.operand = operand(static_cast<P::OperandContext*>(child));
        break;
      case P::RuleComparative:
        item.kind = Item::Kind::comparative;
        break;
      default:  // rel: open set (ANTLR's rules are numbers): RuleSuffix
        add_suffix(static_cast<P::SuffixContext*>(child), item);
        break;
    }
    items.push_back(std::move(item));
  }

  static ast::ExprKind binary_kind(size_t token) {
    static constexpr std::pair<size_t, ast::ExprKind> kinds[] = {
        {P::AND, ast::ExprKind::logical_and},     {P::OR, ast::ExprKind::logical_or},
        {P::LESS, ast::ExprKind::less},           {P::LESS_EQUAL, ast::ExprKind::less_equal},
        {P::GREATER, ast::ExprKind::greater},     {P::GREATER_EQUAL, ast::ExprKind::greater_equal},
        {P::EQUAL, ast::ExprKind::equal},         {P::NOT_EQUAL, ast::ExprKind::not_equal},
        {P::PLUS, ast::ExprKind::add},            {P::MINUS, ast::ExprKind::subtract},
        {P::STAR, ast::ExprKind::multiply},       {P::SLASH, ast::ExprKind::divide},
    };
    for (const auto& [kind, op] : kinds)
      if (kind == token) return op;
    return ast::ExprKind::error;
  }

  void add_suffix(P::SuffixContext* context, Item& item) const {
    if (context->OVER() != nullptr) {
      item.kind = Item::Kind::over;
      ast::Window window;
      window.span = item.span;
      window.kind = context->STAGE() != nullptr  ? ast::Window::Kind::stage
                    : context->LAST() != nullptr ? ast::Window::Kind::last_requests
                                                 : ast::Window::Kind::sliding;
      if (context->QUANTITY() != nullptr) window.length = quantity(context->QUANTITY());
      item.window = std::move(window);
    } else if (context->IN() != nullptr) {
      item.kind = Item::Kind::in;
      ast::SegmentFold fold;
      fold.span = item.span;
      fold.every = context->EVERY() != nullptr;
      fold.crossed = !context->CROSS().empty();
      for (P::NameContext* each : context->name()) fold.segments.push_back(name(each));
      item.fold = std::move(fold);
    } else {
      item.kind = Item::Kind::samples_min;
      item.quantity = quantity(context->QUANTITY());
    }
  }

  ast::ExprId operand(P::OperandContext* context) {
    if (context->condition() != nullptr) return bracketed(context->condition());
    ast::Expr made;
    made.span = span(context);
    made.operator_span = made.span;
    if (context->QUANTITY() != nullptr) {
      made.kind = ast::ExprKind::quantity;
      made.quantity = quantity(context->QUANTITY());
    } else if (context->STRING() != nullptr) {
      made.kind = ast::ExprKind::string;
      made.string = string(context->STRING());
    } else if (context->DOT() != nullptr) {
      ast::Expr arm;
      arm.kind = ast::ExprKind::name;
      arm.name = name(context->name(0));
      arm.span = arm.operator_span = arm.name.span;
      made.kind = ast::ExprKind::member;
      made.left = builder_.add(std::move(arm));
      made.name = name(context->name(1));
    } else {
      made.kind = ast::ExprKind::name;
      made.name = name(context->name(0));
      if (context->arguments() != nullptr) add_arguments(context->arguments(), made);
    }
    return builder_.add(std::move(made));
  }

  void add_arguments(P::ArgumentsContext* context, ast::Expr& call) {
    call.kind = ast::ExprKind::call;
    for (P::ArgumentContext* each : context->argument()) {
      ast::Argument argument;
      if (each->name() != nullptr) argument.name = name(each->name());
      argument.value = expression(each->expression());
      call.arguments.push_back(std::move(argument));
    }
  }
};

}  // namespace rel::syntax
