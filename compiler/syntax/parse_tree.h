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

  ast::Name name(ParserRuleContext* context) const {
    return ast::Name{std::string(sources_.text(span(context))), span(context)};
  }
  ast::Name name(TerminalNode* node) const {
    return ast::Name{std::string(sources_.text(span(node))), span(node)};
  }
  ast::Quantity quantity(TerminalNode* node) const {
    const std::string_view text = sources_.text(span(node));
    const bool parameter = text.front() < '0' || text.front() > '9';
    if (parameter) return ast::Quantity{{}, std::string(text), span(node)};
    return ast::Quantity{read_quantity(text).parts, {}, span(node)};
  }
  std::optional<ast::Quantity> quantity(const antlr4::Token* token) const {
    if (token == nullptr) return std::nullopt;
    return ast::Quantity{read_quantity(sources_.text(span(token))).parts, {}, span(token)};
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
    made.expr = temporal(context);
    for (P::ConditionSuffixContext* suffix : context->conditionSuffix()) {
      const Span place = span(suffix);
      if (suffix->AFTER() != nullptr) {
        if (suffix->QUANTITY().size() > 1) made.after_share = quantity(suffix->QUANTITY(1));
        once(made.after, quantity(suffix->QUANTITY(0)), place);
      } else if (suffix->EVEN() != nullptr) {
        once(made.even_if_baseline, place, place, made.even_if_baseline.value_or(place));
      } else if (suffix->unknown() != nullptr) {
        once(made.unknown, unknown(suffix->unknown()), place);
      }
    }
    return made;
  }

  ast::Unknown unknown(P::UnknownContext* context) {
    ast::Unknown made;
    made.span = span(context);
    if (auto* block = context->unknownBlock()) {
      for (P::UnknownClauseContext* each : block->unknownClause()) {
        if (is_broken(each)) continue;
        ast::UnknownClause clause;
        clause.cause = name(each->name());
        clause.verb = unknown_verb(each->unknownVerb(0));
        clause.span = span(each);
        if (each->QUANTITY() != nullptr) {
          clause.up_to = quantity(each->QUANTITY());
          clause.then = unknown_verb(each->unknownVerb(1));
        }
        made.clauses.push_back(std::move(clause));
      }
    }
    made.incomplete = is_broken(context);
    return made;
  }

  static ast::UnknownVerb unknown_verb(P::UnknownVerbContext* context) {
    if (context->HOLD() != nullptr) return ast::UnknownVerb::hold;
    return context->ALERT() != nullptr ? ast::UnknownVerb::alert : ast::UnknownVerb::rollback;
  }

  ast::ExprId expression(P::ExpressionContext* context) {
    std::vector<ExpressionItem> items;
    for (antlr4::tree::ParseTree* child : context->children) add_items(child, items);
    return builder_.build(items);
  }

  std::vector<ast::Argument> arguments(P::ArgumentsContext* context) {
    std::vector<ast::Argument> made;
    for (P::ArgumentContext* each : context->argument()) {
      ast::Argument argument;
      if (each->COLON() != nullptr) argument.name = name(each->name(0));
      argument.value = expression(each->expression());
      if (each->BY() != nullptr) argument.by = name(each->name().back());
      made.push_back(std::move(argument));
    }
    return made;
  }

  std::vector<ast::Parameter> parameters(P::ParametersContext* context) {
    std::vector<ast::Parameter> made;
    if (context == nullptr) return made;
    for (P::ParameterContext* each : context->parameter()) {
      ast::Parameter parameter{name(each->name(0)), name(each->name(1)), {}};
      if (each->expression() != nullptr) parameter.default_value = expression(each->expression());
      made.push_back(std::move(parameter));
    }
    return made;
  }

  const Sources& sources_;
  ast::File& file_;
  const Layout& layout_;
  const BrokenContexts& broken_;
  Diagnostics& diagnostics_;
  ExpressionBuilder builder_;

 private:
  using Item = ExpressionItem;

  // The condition with what governs it in time, from the inside out: what is kept, how it is
  // sustained, what ends it, in whatever order they are written.
  ast::ExprId temporal(P::ConditionContext* context) {
    ast::ExprId made = expression(context->expression());
    for (const int layer : {0, 1, 2}) {
      std::optional<Span> first;
      for (P::ConditionSuffixContext* suffix : context->conditionSuffix()) {
        const std::optional<ast::Temporal> kind = temporal_kind(suffix);
        if (!kind || layer_of(*kind) != layer) continue;
        const Span place = span(suffix);
        once(first, place, place, first.value_or(place));
        if (*first == place) made = sustain(made, suffix, *kind);
      }
    }
    return made;
  }

  static int layer_of(ast::Temporal kind) {
    return kind == ast::Temporal::keep ? 0 : kind == ast::Temporal::until ? 2 : 1;
  }

  static std::optional<ast::Temporal> temporal_kind(P::ConditionSuffixContext* suffix) {
    if (suffix->UNTIL() != nullptr) return ast::Temporal::until;
    if (suffix->KEEP() != nullptr) return ast::Temporal::keep;
    if (suffix->CONSECUTIVE() != nullptr) return ast::Temporal::consecutive;
    if (suffix->OF() != nullptr) return ast::Temporal::of_last;
    if (suffix->MOST() != nullptr) return ast::Temporal::failures;
    if (suffix->FOR() != nullptr) return ast::Temporal::held;
    return std::nullopt;
  }

  ast::ExprId sustain(ast::ExprId inner, P::ConditionSuffixContext* suffix, ast::Temporal kind) {
    ast::Expr made;
    made.kind = ast::ExprKind::sustained;
    made.temporal = kind;
    made.span = join(builder_[inner].span, span(suffix));
    made.operator_span = span(suffix);
    made.left = inner;
    const std::vector<TerminalNode*> written = suffix->QUANTITY();
    if (kind == ast::Temporal::until) {
      made.right = ending(suffix);
    } else {
      made.duration = quantity(written.back());
      if (written.size() > 1) made.count = quantity(written[0]);
      if (written.size() > 2) made.of = quantity(written[1]);
    }
    return builder_.add(std::move(made));
  }

  // The condition after `until`, with a `for` of its own.
  ast::ExprId ending(P::ConditionSuffixContext* suffix) {
    const ast::ExprId inner = expression(suffix->expression());
    if (suffix->FOR() == nullptr) return inner;
    ast::Expr made;
    made.kind = ast::ExprKind::sustained;
    made.operator_span = join(span(suffix->FOR()), span(suffix->QUANTITY(0)));
    made.span = join(builder_[inner].span, made.operator_span);
    made.left = inner;
    made.duration = quantity(suffix->QUANTITY(0));
    return builder_.add(std::move(made));
  }

  // A condition in brackets is an operand: what is of a whole `when` has no meaning there.
  ast::ExprId bracketed(P::ConditionContext* context) {
    const ast::Condition inner = condition(context);
    for (P::ConditionSuffixContext* suffix : context->conditionSuffix()) {
      const std::optional<ast::Temporal> kind = temporal_kind(suffix);
      if (kind && *kind != ast::Temporal::failures && *kind != ast::Temporal::keep) continue;
      diagnostics_
          .report(Code::misplaced_suffix, span(suffix),
                  "this governs a whole `when` and cannot stand in brackets")
          .with_help("write it at the end of the statement");
    }
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
        item.comparative = comparative(static_cast<P::ComparativeContext*>(child));
        break;
      default:  // rel: open set (ANTLR's rules are numbers): RuleSuffix
        add_suffix(static_cast<P::SuffixContext*>(child), item);
        break;
    }
    items.push_back(std::move(item));
  }

  ast::Comparative comparative(P::ComparativeContext* context) const {
    ast::Comparative made;
    made.verb = context->EQUALS() != nullptr  ? ast::ComparativeVerb::equals
                : context->WORSE() != nullptr ? ast::ComparativeVerb::worse
                                              : ast::ComparativeVerb::better;
    made.negated = context->NOT() != nullptr;
    if (context->name() != nullptr) made.reference = name(context->name());
    made.constant = quantity(context->constant);
    made.margin = quantity(context->margin);
    made.confidence = quantity(context->level);
    made.estimate_min = quantity(context->least);
    return made;
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
      if (context->LEAST() != nullptr) fold.at_least = quantity(context->QUANTITY());
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
      if (context->arguments() != nullptr) {
        made.kind = ast::ExprKind::call;
        made.arguments = arguments(context->arguments());
      }
      if (auto* path = context->evidencePath()) add_path(path, made);
    }
    return builder_.add(std::move(made));
  }

  void add_path(P::EvidencePathContext* context, ast::Expr& call) {
    const std::vector<P::NameContext*> names = context->name();
    const size_t steps = names.size() - (context->IN() != nullptr ? 1 : 0);
    for (size_t i = 0; i < steps; ++i) call.path.push_back(name(names[i]));
    if (context->IN() != nullptr) call.evidence_unit = name(names.back());
  }
};

}  // namespace rel::syntax
