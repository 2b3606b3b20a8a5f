// Balances the braces, then writes the tokens of one statement after the other.
#include "compiler/syntax/layout.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <unordered_set>

namespace rel {
namespace {

constexpr size_t none = SIZE_MAX;

// What the brackets of a file come to, by token index.
struct Brackets {
  std::unordered_set<size_t> unclosed_inline;
  std::unordered_set<size_t> stray;             // closing ones that close nothing
  std::vector<std::pair<size_t, size_t>> late;  // brace left open; the token it should close before
};

class BracketMatcher {
 public:
  BracketMatcher(const Sources& sources, FileId file, const std::vector<Token>& tokens)
      : sources_(sources), file_(file), tokens_(tokens) {}

  Brackets match() {
    Brackets plain = run(false);
    // Only a file whose braces do not add up is read by its indentation: correct text may be
    // indented in any way.
    return plain.late.empty() ? plain : run(true);
  }

 private:
  struct Open {
    size_t token;
    uint32_t indent;
    bool brace;
  };

  Brackets run(bool by_indent) {
    found_ = {};
    open_.clear();
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (by_indent && starts_line(i)) close_by_indent(i);
      switch (tokens_[i].role) {
        case TokenRole::open_brace:
          open_.push_back(Open{i, indent_of(i), true});
          break;
        case TokenRole::open_inline:
          open_.push_back(Open{i, indent_of(i), false});
          break;
        case TokenRole::close_brace:
          close_brace(i);
          break;
        case TokenRole::close_inline:
          if (!open_.empty() && !open_.back().brace && fits(open_.back().token, i))
            open_.pop_back();
          else
            found_.stray.insert(i);
          break;
        case TokenRole::plain:
        case TokenRole::goes_on:
        case TokenRole::joins:
        case TokenRole::line_end:
        case TokenRole::separator:
        case TokenRole::doc:
        case TokenRole::begin:
        case TokenRole::end:
          break;
      }
    }
    while (!open_.empty()) drop(tokens_.size());
    return std::move(found_);
  }

  bool fits(size_t open, size_t close) const {
    const std::string& text = sources_.file(file_).text;
    const char wanted = text[tokens_[open].offset] == '(' ? ')' : ']';
    return text[tokens_[close].offset] == wanted;
  }

  // Takes the innermost open bracket as one that is never closed.
  void drop(size_t before) {
    if (open_.back().brace)
      found_.late.emplace_back(open_.back().token, before);
    else
      found_.unclosed_inline.insert(open_.back().token);
    open_.pop_back();
  }

  void close_brace(size_t i) {
    const bool any = std::any_of(open_.begin(), open_.end(), [](const Open& o) { return o.brace; });
    if (!any) {
      found_.stray.insert(i);
      return;
    }
    while (!open_.back().brace) drop(i);
    open_.pop_back();
  }

  // A line that stands no deeper than the line of an open `{` is after its block, unless it closes
  // it.
  void close_by_indent(size_t i) {
    const uint32_t indent = indent_of(i);
    const bool closes = tokens_[i].role == TokenRole::close_brace;
    for (;;) {
      size_t brace = open_.size();
      while (brace > 0 && !open_[brace - 1].brace) --brace;
      if (brace == 0) return;
      const Open& open = open_[brace - 1];
      if (starts_line(open.token) || open.indent < indent || !is_indented(open)) return;
      if (closes && open.indent == indent) return;
      while (open_.size() >= brace) drop(i);
    }
  }

  // Does the first line of its block stand deeper than the line of the brace? If not, indentation
  // says nothing here.
  bool is_indented(const Open& open) const {
    for (size_t i = open.token + 1; i < tokens_.size(); ++i)
      if (starts_line(i)) return indent_of(i) > open.indent;
    return false;
  }

  bool starts_line(size_t i) const {
    const TokenRole role = tokens_[i].role;
    if (role == TokenRole::line_end || role == TokenRole::doc) return false;
    return i == 0 || tokens_[i - 1].role == TokenRole::line_end;
  }

  uint32_t indent_of(size_t i) const {
    const uint32_t line = sources_.position(file_, tokens_[i].offset).line;
    const std::string_view text = sources_.line(file_, line);
    return static_cast<uint32_t>(std::min(text.find_first_not_of(" \t"), text.size()));
  }

  const Sources& sources_;
  FileId file_;
  const std::vector<Token>& tokens_;
  std::vector<Open> open_;
  Brackets found_;
};

class Writer {
 public:
  Writer(const Sources& sources, FileId file, const std::vector<Token>& tokens, LayoutKinds kinds,
         Diagnostics& diagnostics)
      : sources_(sources),
        file_(file),
        tokens_(tokens),
        kinds_(kinds),
        diagnostics_(diagnostics),
        brackets_(BracketMatcher(sources, file, tokens).match()) {}

  Layout run() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      close_late(i);
      write(i);
    }
    close_late(tokens_.size());
    end_statement();
    std::sort(made_.unclosed.begin(), made_.unclosed.end());
    return std::move(made_);
  }

 private:
  void write(size_t i) {
    const Token& token = tokens_[i];
    if (brackets_.stray.contains(i)) {
      diagnostics_
          .report(Code::unclosed_bracket, span(token), "`" + text(token) + "` closes nothing")
          .with_help("remove it, or open its block before");
      return;
    }
    switch (token.role) {
      case TokenRole::line_end:
        if (inline_depth() == 0 && !goes_on(i)) end_statement();
        return;
      case TokenRole::separator:
        end_statement();
        return;
      case TokenRole::doc:
        pending_docs_.push_back(i);
        return;
      case TokenRole::close_brace:
        end_statement();
        if (!depths_.empty()) depths_.pop_back();
        push(token);
        in_statement_ = true;
        return;
      case TokenRole::open_brace:
        begin_statement(token);
        push(token);
        depths_.push_back(0);
        in_statement_ = false;
        return;
      case TokenRole::open_inline:
        begin_statement(token);
        push(token);
        if (brackets_.unclosed_inline.contains(i))
          made_.unclosed.push_back(token.offset);
        else
          ++inline_depth();
        return;
      case TokenRole::close_inline:
        push(token);
        if (inline_depth() > 0) --inline_depth();
        return;
      case TokenRole::plain:
      case TokenRole::goes_on:
      case TokenRole::joins:
        begin_statement(token);
        push(token);
        return;
      case TokenRole::begin:
      case TokenRole::end:
        return;
    }
  }

  // Closes the braces that were left open, before token `i`.
  void close_late(size_t i) {
    for (const auto& [open, before] : brackets_.late) {
      if (before != i) continue;
      diagnostics_.report(Code::unclosed_bracket, span(tokens_[open]), "`{` is never closed")
          .with_help("close its block with `}`");
      end_statement();
      if (!depths_.empty()) depths_.pop_back();
      push(Token{kinds_.close_brace, TokenRole::close_brace, last_end(), 0});
      in_statement_ = true;
      end_statement();
    }
  }

  // Does the statement go on beyond the line end at `i`?
  bool goes_on(size_t i) const {
    if (!in_statement_) return true;
    const TokenRole before = made_.tokens.back().role;
    if (before == TokenRole::goes_on || before == TokenRole::joins) return true;
    for (++i; i < tokens_.size(); ++i) {
      const TokenRole role = tokens_[i].role;
      if (role != TokenRole::line_end && role != TokenRole::doc) return role == TokenRole::joins;
    }
    return false;
  }

  void begin_statement(const Token& first) {
    if (in_statement_) return;
    push(Token{kinds_.begin, TokenRole::begin, first.offset, 0});
    in_statement_ = true;
    if (!pending_docs_.empty()) attach_docs(first);
  }

  void end_statement() {
    if (in_statement_) push(Token{kinds_.end, TokenRole::end, last_end(), 0});
    in_statement_ = false;
    inline_depth() = 0;
  }

  // The doc lines directly above a statement, up to a gap, belong to it.
  void attach_docs(const Token& statement) {
    uint32_t below = line_of(statement);
    std::string joined;
    for (auto doc = pending_docs_.rbegin(); doc != pending_docs_.rend(); ++doc) {
      const uint32_t line = line_of(tokens_[*doc]);
      if (line + 1 != below) break;
      below = line;
      std::string words = text(tokens_[*doc]).substr(3);
      if (words.starts_with(' ')) words.erase(0, 1);
      joined = joined.empty() ? words : words + "\n" + joined;
    }
    if (!joined.empty()) made_.docs.push_back(DocComment{statement.offset, std::move(joined)});
    pending_docs_.clear();
  }

  void push(const Token& token) { made_.tokens.push_back(token); }
  uint32_t last_end() const { return made_.tokens.empty() ? 0 : made_.tokens.back().end(); }
  uint32_t line_of(const Token& token) const {
    return sources_.position(file_, token.offset).line;
  }
  Span span(const Token& token) const { return Span{file_, token.offset, token.length}; }
  std::string text(const Token& token) const { return std::string(sources_.text(span(token))); }
  size_t& inline_depth() { return depths_.empty() ? outer_depth_ : depths_.back(); }

  const Sources& sources_;
  FileId file_;
  const std::vector<Token>& tokens_;
  LayoutKinds kinds_;
  Diagnostics& diagnostics_;
  Brackets brackets_;
  Layout made_;
  std::vector<size_t> pending_docs_;
  std::vector<size_t> depths_;  // open ( and [ of each open block
  size_t outer_depth_ = 0;
  bool in_statement_ = false;
};

}  // namespace

Layout lay_out(const Sources& sources, FileId file, const std::vector<Token>& tokens,
               LayoutKinds kinds, Diagnostics& diagnostics) {
  return Writer(sources, file, tokens, kinds, diagnostics).run();
}

}  // namespace rel
