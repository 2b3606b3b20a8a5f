// A statement stands on one line if it fits and its blocks were written so; else its blocks are
// opened, and what is still too long is broken.
#include "compiler/format/writer.h"

#include <algorithm>
#include <optional>
#include <span>

#include "compiler/format/align.h"
#include "compiler/format/breaks.h"
#include "compiler/format/spacing.h"

namespace rel::format {
namespace {

std::optional<std::string> flat(const Statement& statement);

// ` { a; b }`
std::optional<std::string> flat(const Block& block) {
  if (block.items.empty() && block.opening.empty()) return "{}";
  if (!block.one_line) return std::nullopt;
  std::string made;
  for (const Item& item : block.items) {
    for (const Statement& each : item.statements) {
      const auto text = flat(each);
      if (!text) return std::nullopt;
      made += (made.empty() ? " " : "; ") + *text;
    }
  }
  return "{" + made + " }";
}

// `=` outside of brackets.
bool is_assignment(const std::vector<Piece>& pieces, size_t at) {
  if (pieces[at].text != "=") return false;
  const auto depth = [&](TokenRole role) {
    return std::count_if(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(at),
                         [&](const Piece& each) { return each.role == role; });
  };
  return depth(TokenRole::open_inline) == depth(TokenRole::close_inline);
}

std::optional<std::string> flat(const Statement& statement) {
  std::string made;
  const std::vector<Piece>& pieces = statement.pieces;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0 && !pieces[i].comments.empty()) return std::nullopt;
    if (i > 0 && pieces[i].broken && is_assignment(pieces, i - 1)) return std::nullopt;
    if (pieces[i].role == TokenRole::close_brace) continue;  // written with its block
    if (i > 0 && is_spaced(i > 1 ? &pieces[i - 2] : nullptr, pieces[i - 1], pieces[i])) made += " ";
    if (!pieces[i].block) {
      made += pieces[i].text;
      continue;
    }
    const auto text = flat(*pieces[i].block);
    if (!text) return std::nullopt;
    made += *text;
  }
  return made;
}

bool is_plain_word(const Piece& piece) {
  return piece.role == TokenRole::plain && !piece.text.empty() && piece.text.front() != '"';
}

// `name : value` or `word name : value`, which neighbours may be aligned with.
std::optional<Columns> columns_of(const Statement& statement) {
  const std::vector<Piece>& pieces = statement.pieces;
  const auto is_block = [](const Piece& each) { return each.block != nullptr; };
  if (std::any_of(pieces.begin(), pieces.end(), is_block)) return std::nullopt;
  for (size_t at = 1; at <= 2 && at + 1 < pieces.size(); ++at) {
    const Piece& sign = pieces[at];
    if (sign.text != ":" && !(sign.text == "=" && at == 1)) continue;
    const std::span<const Piece> all(pieces);
    Columns made;
    made.sign = sign.text.front();
    made.group = std::string(sign.text) + (at == 2 ? std::string(pieces[0].text) : "");
    made.name = join(all.first(at));
    made.apart = sign.spaced;
    // The value is one word only where a word follows it; a call or a list is not cut.
    const bool split = at + 2 < pieces.size() && is_plain_word(pieces[at + 1]) &&
                       is_plain_word(pieces[at + 2]) && pieces[at + 2].text != ".";
    const size_t rest = split ? at + 2 : pieces.size();
    made.value = join(all.subspan(at + 1, rest - at - 1));
    if (split) {
      made.second = pieces[rest].text;
      made.rest = join(all.subspan(rest));
    }
    return made;
  }
  return std::nullopt;
}

class Writer {
 public:
  std::string run(const Block& file) {
    items(file, 0);
    align(lines_);
    std::string made;
    for (const Line& line : lines_) {
      if (line.blank_before && !made.empty()) made += "\n";
      if (!line.text.empty()) made += std::string(line.indent, ' ') + line.text;
      made += "\n";
    }
    return made;
  }

 private:
  void items(const Block& block, size_t indent) {
    for (const Item& item : block.items) {
      const bool blank = item.blank_before && &item != &block.items.front();
      const size_t first = lines_.size();
      if (item.statements.empty())
        lines_.push_back(Line{indent, "", std::string(item.comment), false, {}});
      else if (!on_one_line(item, indent))
        for (const Statement& each : item.statements) statement(each, indent);
      lines_[first].blank_before = blank;
      if (!item.statements.empty()) lines_.back().comment = item.comment;
    }
  }

  bool on_one_line(const Item& item, size_t indent) {
    std::string text;
    for (const Statement& each : item.statements) {
      const auto one = flat(each);
      if (!one) return false;
      text += (text.empty() ? "" : "; ") + *one;
    }
    if (indent + width_of(text) > columns_max) return false;
    lines_.push_back(Line{indent, std::move(text), "", false, {}});
    if (item.statements.size() == 1) lines_.back().columns = columns_of(item.statements.front());
    return true;
  }

  void statement(const Statement& statement, size_t indent) {
    if (const auto text = flat(statement); text && indent + width_of(*text) <= columns_max) {
      lines_.push_back(Line{indent, *text, "", false, columns_of(statement)});
      return;
    }
    const std::span<const Piece> pieces(statement.pieces);
    size_t start = 0;
    for (size_t at = 0; at < pieces.size(); ++at) {
      if (!pieces[at].block) continue;
      run_of(pieces.subspan(start, at - start), indent, start > 0, 2);
      open(*pieces[at].block, lines_.back().indent);
      ++at;  // the brace that closes it
      start = at + 1;
    }
    if (start < pieces.size()) run_of(pieces.subspan(start), indent, start > 0, 0);
  }

  // Tokens without a block; after a block they go on behind its `}`.
  void run_of(std::span<const Piece> pieces, size_t indent, bool behind_block, size_t reserved) {
    if (pieces.empty()) return;
    bool first = true;
    for (BrokenLine& each : break_lines(pieces, columns_max - std::min(indent, columns_max),
                                        reserved)) {
      if (first && behind_block) {
        lines_.back().text += " " + each.text;
        lines_.back().comment = each.comment;
      } else {
        const size_t shift = each.further ? continuation_width : 0;
        lines_.push_back(
            Line{indent + shift, std::move(each.text), std::string(each.comment), false, {}});
      }
      first = false;
    }
  }

  void open(const Block& block, size_t indent) {
    std::string& head = lines_.back().text;
    if (block.items.empty() && block.opening.empty()) {
      head += " {}";
      return;
    }
    head += " {";
    lines_.back().comment = block.opening;
    items(block, indent + indent_width);
    lines_.push_back(Line{indent, "}", "", false, {}});
  }

  std::vector<Line> lines_;
};

}  // namespace

std::string write_tree(const Block& file) { return Writer().run(file); }

}  // namespace rel::format
