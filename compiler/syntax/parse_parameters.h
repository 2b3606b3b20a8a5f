// The parameters of a definition, where their names stand for quantities: part of the one
// translation unit that knows ANTLR (parse.cpp). Input: the laid out tokens. Output: the same, but
// in the body of a guard, gate, measure or strategy the name of a parameter is a QUANTITY, so that
// it may stand wherever one may: `over window`, `steps first for time`.
#pragma once

#include <string_view>
#include <unordered_set>
#include <vector>

#include "compiler/syntax/layout.h"

namespace rel::syntax {

class ParameterNames {
 public:
  ParameterNames(std::string_view text, std::vector<Token>& tokens)
      : text_(text), tokens_(tokens) {}

  void mark() {
    for (size_t i = 0; i + 2 < tokens_.size(); ++i)
      if (tokens_[i].role == TokenRole::begin && defines(tokens_[i + 1].kind) &&
          tokens_[i + 3 < tokens_.size() ? i + 3 : i].kind == P::LPAREN)
        mark_body(read_names(i + 3));
  }

 private:
  static bool defines(uint32_t kind) {
    return kind == P::GUARD || kind == P::GATE || kind == P::MEASURE || kind == P::STRATEGY;
  }
  static bool is_name(const Token& token) { return token.kind >= P::AND && token.kind <= P::WORD; }

  std::string_view text(const Token& token) const {
    return text_.substr(token.offset, token.length);
  }

  // The names before a colon in the brackets that open at `open`. Output: the index after them.
  size_t read_names(size_t open) {
    names_.clear();
    size_t depth = 0;
    for (size_t i = open; i < tokens_.size(); ++i) {
      if (tokens_[i].role == TokenRole::open_inline) ++depth;
      if (tokens_[i].role == TokenRole::close_inline && --depth == 0) return i + 1;
      if (tokens_[i].role == TokenRole::end) return i;
      if (depth == 1 && is_name(tokens_[i]) && i + 1 < tokens_.size() &&
          tokens_[i + 1].kind == P::COLON)
        names_.insert(text(tokens_[i]));
    }
    return tokens_.size();
  }

  void mark_body(size_t from) {
    size_t depth = 0;  // of statements in the body
    for (size_t i = from; i < tokens_.size(); ++i) {
      if (tokens_[i].role == TokenRole::begin) ++depth;
      if (tokens_[i].role == TokenRole::end && depth-- == 0) return;
      if (is_name(tokens_[i]) && names_.contains(text(tokens_[i])) && stands_for_quantity(i))
        tokens_[i].kind = P::QUANTITY;
    }
  }

  // Not `candidate.limit`, `limit(...)`, `limit: 5%` or the word after a quantity: `100 samples`.
  bool stands_for_quantity(size_t i) const {
    const uint32_t before = tokens_[i - 1].kind;
    const uint32_t after = i + 1 < tokens_.size() ? tokens_[i + 1].kind : uint32_t{P::COLON};
    return before != P::DOT && before != P::QUANTITY && after != P::LPAREN && after != P::COLON &&
           after != P::DOT;
  }

  std::string_view text_;
  std::vector<Token>& tokens_;
  std::unordered_set<std::string_view> names_;
};

}  // namespace rel::syntax
