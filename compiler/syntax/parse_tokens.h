// Text to tokens by the generated lexer: part of the one translation unit that knows ANTLR
// (parse.cpp, which includes the generated lexer and parser before this). Input: a file that passed
// the scan. Output: its tokens, line ends and doc comments among them; what is wrong with the form
// of one is diagnosed here, and the token left out or mended so that the parser does not stumble
// over it once more.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compiler/syntax/layout.h"
#include "compiler/syntax/literals.h"
#include "compiler/syntax/syntax_error.h"
#include "runtime/base/limits.h"

namespace rel::syntax {

using P = ReleaseParser;

inline constexpr size_t byte_order_mark_length = 3;
inline constexpr size_t non_ascii = 0x1A;  // what the grammar calls NON_ASCII

// A file's bytes as the lexer sees them.
class ByteStream final : public antlr4::CharStream {
 public:
  explicit ByteStream(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = byte_order_mark_length;
  }
  void consume() override { ++at_; }
  size_t LA(ssize_t i) override {
    if (i == 0) return 0;
    const size_t place = i > 0 ? at_ + static_cast<size_t>(i) - 1 : at_ - static_cast<size_t>(-i);
    if (place >= text_.size()) return IntStream::EOF;
    const auto byte = static_cast<unsigned char>(text_[place]);
    return byte < 0x80 ? byte : non_ascii;
  }
  ssize_t mark() override { return -1; }
  void release(ssize_t) override {}
  size_t index() override { return at_; }
  void seek(size_t index) override { at_ = index; }
  size_t size() override { return text_.size(); }
  std::string getSourceName() const override { return {}; }
  std::string getText(const antlr4::misc::Interval& interval) override {
    return std::string(text_.substr(static_cast<size_t>(interval.a), interval.length()));
  }
  std::string toString() const override { return std::string(text_); }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

inline TokenRole role_of(size_t kind) {
  switch (kind) {
    case P::COMMA:
    case P::COLON:
    case P::ASSIGN:
    case P::RANGE:
    case P::NOT:
      return TokenRole::goes_on;
    case P::AND:
    case P::OR:
    case P::LESS:
    case P::LESS_EQUAL:
    case P::GREATER:
    case P::GREATER_EQUAL:
    case P::EQUAL:
    case P::NOT_EQUAL:
    case P::PLUS:
    case P::MINUS:
    case P::STAR:
    case P::SLASH:
    case P::THEN:
    case P::EXCEPT:
      return TokenRole::joins;
    case P::LBRACE:
      return TokenRole::open_brace;
    case P::RBRACE:
      return TokenRole::close_brace;
    case P::LPAREN:
    case P::LBRACKET:
      return TokenRole::open_inline;
    case P::RPAREN:
    case P::RBRACKET:
      return TokenRole::close_inline;
    case P::NL:
      return TokenRole::line_end;
    case P::SEP:
      return TokenRole::separator;
    case P::DOC:
      return TokenRole::doc;
    default:  // rel: open set (ANTLR's token kinds are numbers)
      return TokenRole::plain;
  }
}

// Stops after limits::syntax_errors_max diagnostics.
class Lexing {
 public:
  Lexing(const Sources& sources, FileId file, Diagnostics& diagnostics)
      : sources_(sources), file_(file), diagnostics_(diagnostics) {}

  std::vector<Token> run() {
    ByteStream bytes(sources_.file(file_).text);
    ReleaseLexer lexer(&bytes);
    lexer.removeErrorListeners();
    const size_t before = diagnostics_.all().size();
    while (diagnostics_.all().size() - before < limits::syntax_errors_max) {
      const auto next = lexer.nextToken();
      if (next->getType() == antlr4::Token::EOF) break;
      add(Token{static_cast<uint32_t>(next->getType()), role_of(next->getType()),
                static_cast<uint32_t>(next->getStartIndex()),
                static_cast<uint32_t>(next->getStopIndex() - next->getStartIndex() + 1)});
    }
    return std::move(tokens_);
  }

 private:
  void add(Token token) {
    const Span span{file_, token.offset, token.length};
    const std::string_view text = sources_.text(span);
    switch (token.kind) {
      case P::QUANTITY:
        if (QuantityText read = read_quantity(text); read.parts.empty())
          diagnostics_.report(Code::malformed_quantity, span, std::move(read.problem))
              .with_help(std::move(read.help));
        break;
      case P::STRING:
        for (const EscapeProblem& each : read_string(text).unknown_escapes)
          diagnostics_
              .report(Code::unknown_escape, Span{file_, token.offset + each.offset, each.length},
                      "unknown escape in a text")
              .with_help("the escapes are `\\\"`, `\\\\`, `\\n` and `\\t`");
        break;
      case P::UNTERMINATED_STRING:
        diagnostics_.report(Code::unterminated_string, span, "this text is never closed")
            .with_help("close it with `\"` before the line ends; a line end in a text is `\\n`");
        token.kind = P::STRING;
        break;
      case P::BLOCK_COMMENT:
        diagnostics_
            .report(Code::block_comment, Span{file_, token.offset, 2},
                    "block comments are not supported")
            .with_help("begin each line of a comment with `//`");
        return;
      case P::FOREIGN_AND:
        return foreign(token, P::AND, "and");
      case P::FOREIGN_OR:
        return foreign(token, P::OR, "or");
      case P::FOREIGN_NOT:
        return foreign(token, P::NOT, "not");
      case P::NON_ASCII:
      case P::OTHER:
        unknown_characters(span, text);
        return;
      default:  // rel: open set (ANTLR's token kinds are numbers)
        break;
    }
    tokens_.push_back(token);
  }

  // The sign another language has for an operator: said once, and read as what it means.
  void foreign(Token token, size_t kind, std::string_view word) {
    const Span span{file_, token.offset, token.length};
    const std::string& text = sources_.file(file_).text;
    const auto is_space = [&](size_t at) {
      return at >= text.size() || std::string_view(" \t\r\n(").find(text[at]) != std::string::npos;
    };
    std::string fixed(word);
    if (token.offset > 0 && !is_space(token.offset - 1)) fixed.insert(0, " ");
    if (token.end() < text.size() && (text[token.end()] == '(' || !is_space(token.end())))
      fixed += " ";
    report_foreign_operator(span, sources_.text(span), word, std::move(fixed), diagnostics_);
    token.kind = static_cast<uint32_t>(kind);
    token.role = role_of(kind);
    tokens_.push_back(token);
  }

  // One diagnostic a character: a token of them may hold several.
  void unknown_characters(Span span, std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      size_t length = 1;
      while (at + length < text.size() && (text[at + length] & 0xC0) == 0x80) ++length;
      const Span each{file_, span.offset + static_cast<uint32_t>(at),
                      static_cast<uint32_t>(length)};
      report_unknown_character(each, text.substr(at, length), diagnostics_);
      at += length;
    }
  }

  const Sources& sources_;
  FileId file_;
  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
};

// The laid out tokens as ANTLR wants them.
inline std::vector<std::unique_ptr<antlr4::Token>> for_parser(const std::vector<Token>& tokens,
                                                              size_t source_bytes) {
  std::vector<std::unique_ptr<antlr4::Token>> made;
  made.reserve(tokens.size() + 1);
  const auto add = [&](size_t kind, size_t offset, size_t length) {
    auto token = std::make_unique<antlr4::CommonToken>(kind);
    token->setStartIndex(offset);
    token->setStopIndex(offset + length - 1);  // ANTLR's way to write an empty token, too
    made.push_back(std::move(token));
  };
  for (const Token& token : tokens) add(token.kind, token.offset, token.length);
  add(antlr4::Token::EOF, source_bytes, 0);
  return made;
}

}  // namespace rel::syntax
