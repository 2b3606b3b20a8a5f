// Walks the laid out tokens and reads what stands between two of them: spaces, line ends, `;` and
// comments.
#include "compiler/format/tree.h"

#include <algorithm>

namespace rel::format {
namespace {

std::string_view without_end_space(std::string_view text) {
  const size_t last = text.find_last_not_of(" \t\r");
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

class Builder {
 public:
  Builder(std::string_view text, const std::vector<Token>& tokens) : text_(text), tokens_(tokens) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
  }

  Block run() {
    Block file;
    statements(file);
    space_in_block(file, text_.size());
    return file;
  }

 private:
  bool more() const { return next_ < tokens_.size(); }
  const Token& next() const { return tokens_[next_]; }

  void statements(Block& block) {
    while (more() && next().role == TokenRole::begin) {
      ++next_;
      const bool same_line = space_in_block(block, next().offset);
      if (!same_line || block.items.empty() || block.items.back().statements.empty())
        block.items.push_back(Item{blank_, {}, {}});
      block.items.back().statements.push_back(statement());
    }
  }

  Statement statement() {
    Statement made;
    for (; more() && next().role != TokenRole::end; ++next_) {
      const Token& token = next();
      Piece piece;
      piece.text = text_.substr(token.offset, token.length);
      piece.role = token.role;
      if (!made.pieces.empty()) space_in_statement(piece, token.offset);
      at_ = token.end();
      if (token.role == TokenRole::open_brace) piece.block = block(token);
      made.pieces.push_back(std::move(piece));
    }
    ++next_;  // the end
    return made;
  }

  // From behind the `{` to the `}`, which is left as the current token.
  std::unique_ptr<Block> block(const Token& open) {
    auto made = std::make_unique<Block>();
    ++next_;
    in_braces_ = true;
    statements(*made);
    const Token& close = next();
    space_in_block(*made, close.offset);
    at_ = close.end();
    const std::string_view inside = text_.substr(open.offset, close.offset - open.offset);
    made->one_line = inside.find('\n') == std::string_view::npos;
    return made;
  }

  void space_in_statement(Piece& piece, size_t end) {
    piece.spaced = at_ < end;
    while (at_ < end) {
      if (text_[at_] == '\n') piece.broken = true;
      if (text_[at_] == '/')
        piece.comments.push_back(Comment{comment(end), piece.broken});
      else
        ++at_;
    }
  }

  // Comments become items of their own or belong to the item before them. Returns whether the next
  // statement stands on the line of the last one; `blank_` says whether an empty line is before it.
  bool space_in_block(Block& block, size_t end) {
    size_t line_ends = 0;
    bool same_line = true;
    while (at_ < end) {
      if (text_[at_] == '\n') {
        ++line_ends;
        same_line = false;
      }
      if (text_[at_] != '/') {
        ++at_;
        continue;
      }
      const std::string_view words = comment(end);
      if (!same_line || (block.items.empty() && !in_braces_))
        block.items.push_back(Item{line_ends > 1, {}, words});
      else if (block.items.empty())
        block.opening = words;
      else
        block.items.back().comment = words;
      line_ends = 0;
      same_line = false;
    }
    blank_ = line_ends > 1;
    return same_line;
  }

  std::string_view comment(size_t end) {
    const size_t line_end = std::min(text_.find('\n', at_), end);
    const std::string_view made = without_end_space(text_.substr(at_, line_end - at_));
    at_ = line_end;
    return made;
  }

  std::string_view text_;
  const std::vector<Token>& tokens_;
  size_t next_ = 0;  // token
  size_t at_ = 0;    // byte behind what has been read
  bool blank_ = false;
  bool in_braces_ = false;  // a block has been opened: not the first lines of the file
};

}  // namespace

Block build_tree(std::string_view text, const std::vector<Token>& tokens) {
  return Builder(text, tokens).run();
}

}  // namespace rel::format
