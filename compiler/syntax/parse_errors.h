// ANTLR's error strategy in the author's terms: part of the one translation unit that knows ANTLR
// (parse.cpp). Input: the parser at the place where it cannot go on. Output: one diagnostic a
// statement, and the parser at the statement's end, or at its block when only its head is broken.
#pragma once

#include <unordered_set>
#include <vector>

#include "compiler/syntax/layout.h"
#include "compiler/syntax/syntax_error.h"
#include "runtime/base/limits.h"

namespace rel::syntax {

using P = ReleaseParser;

inline bool is_head_rule(size_t rule) {
  return rule == P::RuleModelHead || rule == P::RuleReleaseHead || rule == P::RuleStageHead ||
         rule == P::RuleTestHead || rule == P::RuleStrategyHead || rule == P::RulePolicyHead;
}

inline bool is_statement_rule(size_t rule) {
  return rule == P::RuleDeclaration || rule == P::RuleModelStatement ||
         rule == P::RuleSegmentValues || rule == P::RuleExpectedFact ||
         rule == P::RuleTestStatement || rule == P::RuleReleaseStatement ||
         rule == P::RuleUnknownClause || rule == P::RuleStageStatement ||
         rule == P::RuleRollbackStatement || rule == P::RulePoint;
}

inline Block block_of(size_t statement_rule) {
  switch (statement_rule) {
    case P::RuleModelStatement:
      return Block::model;
    case P::RuleExpectedFact:
      return Block::expected;
    case P::RuleTestStatement:
      return Block::test;
    case P::RuleReleaseStatement:
      return Block::release;
    case P::RuleUnknownClause:
      return Block::unknown;
    case P::RulePoint:
      return Block::require;
    case P::RuleStageStatement:
      return Block::stage;
    case P::RuleRollbackStatement:
      return Block::rollback;
    default:  // rel: open set (ANTLR's rules are numbers)
      return Block::file;
  }
}

class StatementErrors final : public antlr4::ANTLRErrorStrategy {
 public:
  StatementErrors(const Sources& sources, FileId file, const Layout& layout,
                  Diagnostics& diagnostics)
      : sources_(sources), file_(file), layout_(layout), diagnostics_(diagnostics) {}

  // The contexts with an error in them.
  const std::unordered_set<const antlr4::tree::ParseTree*>& broken() const { return broken_; }

  void reset(antlr4::Parser*) override { panicking_ = false; }
  bool inErrorRecoveryMode(antlr4::Parser*) override { return panicking_; }
  void reportMatch(antlr4::Parser*) override {
    panicking_ = false;
    decisions_.clear();
  }
  // Called before every optional part and loop: what could have stood here is known only now.
  void sync(antlr4::Parser* parser) override { decisions_.push_back(parser->getState()); }

  void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) override {
    report(parser, error.getOffendingToken());
  }

  void recover(antlr4::Parser* parser, std::exception_ptr) override { skip_statement(parser); }

  antlr4::Token* recoverInline(antlr4::Parser* parser) override {
    if (!expected_at(parser, parser->getState()).contains(static_cast<size_t>(P::END)))
      throw antlr4::InputMismatchException(parser);
    // A whole statement, and then more: what it means is not known. The block goes on after it.
    report(parser, parser->getCurrentToken());
    break_last_statement(parser->getContext());
    skip_statement(parser);
    antlr4::Token* end = parser->getCurrentToken();
    if (end->getType() == P::END) {
      reportMatch(parser);
      parser->consume();
    }
    return end;
  }

 private:
  static const antlr4::misc::IntervalSet& expected_at(antlr4::Parser* parser, size_t state) {
    const antlr4::atn::ATN& atn = parser->getATN();
    return atn.nextTokens(atn.states[state]);
  }

  void report(antlr4::Parser* parser, const antlr4::Token* found) {
    if (panicking_) return;
    panicking_ = true;
    for (const antlr4::tree::ParseTree* at = parser->getContext(); at != nullptr; at = at->parent)
      broken_.insert(at);
    report_syntax_error(facts(parser, found), diagnostics_);
    if (++errors_ == limits::syntax_errors_max)
      throw antlr4::ParseCancellationException("too many errors");
  }

  // The last statement of a block, down to the part at its end.
  void break_last_statement(const antlr4::tree::ParseTree* at) {
    while (at != nullptr) {
      broken_.insert(at);
      at = at->children.empty() ? nullptr : at->children.back();
    }
  }

  SyntaxErrorFacts facts(antlr4::Parser* parser, const antlr4::Token* found) {
    SyntaxErrorFacts made;
    const Token& at = token(found->getTokenIndex());
    made.found = span(at);
    made.found_form = form_of(at);
    made.found_text = sources_.text(made.found);
    if (const Token& next = token(found->getTokenIndex() + 1); form_of(next) != TokenForm::end) {
      made.next_text = sources_.text(span(next));
      made.next_form = form_of(next);
    }
    previous(found->getTokenIndex(), made);
    const antlr4::ParserRuleContext* statement = statement_of(parser);
    if (statement != nullptr) {
      made.block = block_of(statement->getRuleIndex());
      made.at_statement_start = statement->start->getTokenIndex() == found->getTokenIndex() &&
                                statement->getRuleIndex() != P::RuleSegmentValues;
    }
    made.open_bracket = open_bracket(found->getTokenIndex());
    made.expected = expected(parser);
    return made;
  }

  // The bracket between the start of the statement and `index` that is never closed.
  std::optional<Span> open_bracket(size_t index) const {
    const uint32_t end = token(index).offset;
    while (index > 0 && token(index).role != TokenRole::begin) --index;
    const auto& open = layout_.unclosed;
    const auto found = std::lower_bound(open.begin(), open.end(), token(index).offset);
    if (found == open.end() || *found >= end) return std::nullopt;
    return Span{file_, *found, 1};
  }

  void previous(size_t index, SyntaxErrorFacts& facts) const {
    if (index == 0 || form_of(token(index - 1)) == TokenForm::end) return;
    facts.previous = span(token(index - 1));
    facts.previous_text = sources_.text(facts.previous);
    facts.previous_form = form_of(token(index - 1));
    if (index > 1) facts.before_previous_text = sources_.text(span(token(index - 2)));
  }

  Expected expected(antlr4::Parser* parser) {
    antlr4::misc::IntervalSet kinds = expected_at(parser, parser->getState());
    for (const size_t state : decisions_) kinds.addAll(expected_at(parser, state));
    Expected made;
    const auto has = [&](size_t kind) { return kinds.contains(kind); };
    made.name = has(P::WORD);
    made.quantity = has(P::QUANTITY);
    made.text = has(P::STRING) || (has(P::BEGIN) && has(P::RBRACE));
    made.end = has(P::END);
    made.tail = has(P::STAR);
    for (const ssize_t each : kinds.toList()) {
      const auto kind = static_cast<size_t>(each);
      if (each <= 0 || kind > P::OTHER) continue;
      const bool in_tail = made.tail && (role_of(kind) == TokenRole::joins || is_tail_word(kind));
      const std::string literal = parser->getVocabulary().getLiteralName(kind);  // in quotes
      if (in_tail || literal.size() < 3) continue;
      std::string text = literal.substr(1, literal.size() - 2);
      if (text.front() < 'a' || text.front() > 'z')
        made.signs.push_back(std::move(text));
      else if (!made.name)
        made.words.push_back(std::move(text));
    }
    return made;
  }

  static bool is_tail_word(size_t kind) {
    return kind == P::OVER || kind == P::IN || kind == P::WITH || kind == P::NOT ||
           kind == P::WORSE || kind == P::BETTER || kind == P::EQUALS;
  }

  static const antlr4::ParserRuleContext* statement_of(antlr4::Parser* parser) {
    const antlr4::RuleContext* at = parser->getContext();
    while (at != nullptr && !is_statement_rule(at->getRuleIndex()))
      at = static_cast<const antlr4::RuleContext*>(at->parent);
    return static_cast<const antlr4::ParserRuleContext*>(at);
  }

  static bool in_head(antlr4::Parser* parser) {
    const antlr4::RuleContext* at = parser->getContext();
    while (at != nullptr && !is_statement_rule(at->getRuleIndex())) {
      if (is_head_rule(at->getRuleIndex())) return true;
      at = static_cast<const antlr4::RuleContext*>(at->parent);
    }
    return false;
  }

  // To the END of the statement, over blocks inside it; from a head to its block.
  static void skip_statement(antlr4::Parser* parser) {
    const bool stop_at_block = in_head(parser);
    size_t depth = 0;
    for (;;) {
      const size_t kind = parser->getCurrentToken()->getType();
      if (kind == antlr4::Token::EOF) return;
      if (depth == 0 && (kind == P::END || (stop_at_block && kind == P::LBRACE))) return;
      if (kind == P::LBRACE) ++depth;
      if (kind == P::RBRACE && depth > 0) --depth;
      parser->consume();
    }
  }

  const Token& token(size_t index) const {
    static constexpr Token end_of_file{0, TokenRole::end, 0, 0};
    return index < layout_.tokens.size() ? layout_.tokens[index] : end_of_file;
  }

  static TokenForm form_of(const Token& token) {
    switch (token.kind) {
      case P::QUANTITY:
        return TokenForm::quantity;
      case P::STRING:
        return TokenForm::text;
      default:  // rel: open set (ANTLR's token kinds are numbers)
        break;
    }
    if (token.role == TokenRole::begin || token.role == TokenRole::end) return TokenForm::end;
    return token.kind <= P::WORD && token.kind >= P::AND ? TokenForm::word : TokenForm::sign;
  }

  Span span(const Token& token) const { return Span{file_, token.offset, token.length}; }

  const Sources& sources_;
  FileId file_;
  const Layout& layout_;
  Diagnostics& diagnostics_;
  std::unordered_set<const antlr4::tree::ParseTree*> broken_;
  std::vector<size_t> decisions_;  // parser states since the last token that matched
  size_t errors_ = 0;
  bool panicking_ = false;
};

}  // namespace rel::syntax
