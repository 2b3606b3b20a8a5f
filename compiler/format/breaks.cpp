// Where a long statement is cut: behind `=`, before `or`, before `and`, behind commas, before
// comparisons, before other operators, in this order, and outside of brackets first.
#include "compiler/format/breaks.h"

#include <algorithm>
#include <optional>

#include "compiler/format/spacing.h"

namespace rel::format {
namespace {

enum class Cut : uint8_t {
  behind_assign,
  before_or,
  before_and,
  behind_comma,
  before_comparison,
  before_operator,
  behind_colon,
};

bool is_comparison(std::string_view text) {
  return text == "<" || text == "<=" || text == ">" || text == ">=" || text == "==" || text == "!=";
}

std::optional<Cut> cut_before(const Piece& left, const Piece& right) {
  if (right.text == "or") return Cut::before_or;
  if (right.text == "and") return Cut::before_and;
  if (left.text == ",") return Cut::behind_comma;
  if (left.text == "=") return Cut::behind_assign;
  if (left.text == ":") return Cut::behind_colon;
  if (is_comparison(right.text)) return Cut::before_comparison;
  if (right.role == TokenRole::joins) return Cut::before_operator;
  return std::nullopt;
}

struct Best {
  size_t depth = SIZE_MAX;
  Cut cut = Cut::before_operator;
  std::vector<size_t> places;  // a cut stands before each of them
};

Best find_cuts(std::span<const Piece> pieces) {
  Best best;
  size_t depth = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].role == TokenRole::close_inline && depth > 0) --depth;
    if (i > 0) {
      const auto cut = cut_before(pieces[i - 1], pieces[i]);
      // f(name: type = value) stays together
      const bool named = depth > 0 && (cut == Cut::behind_assign || cut == Cut::behind_colon);
      if (cut && !named) {
        if (depth < best.depth || (depth == best.depth && *cut < best.cut)) {
          best.depth = depth;
          best.cut = *cut;
          best.places.clear();
        }
        if (depth == best.depth && *cut == best.cut) best.places.push_back(i);
      }
    }
    if (pieces[i].role == TokenRole::open_inline) ++depth;
  }
  return best;
}

// Cuts are all taken, except that what stands between commas or operators fills its lines.
void cut(std::span<const Piece> pieces, size_t columns, size_t reserved, bool further,
         std::vector<BrokenLine>& out) {
  const size_t room = columns - std::min(columns, further ? continuation_width : 0);
  std::string whole = join(pieces);
  const Best best = find_cuts(pieces);
  const bool kept = best.cut == Cut::behind_assign && best.depth == 0 &&
                    pieces[best.places.front()].broken;
  const bool fits = width_of(whole) + reserved <= room && !kept;
  if (fits || best.places.empty()) {
    out.push_back(BrokenLine{std::move(whole), further, {}});
    return;
  }
  const bool fills = best.cut == Cut::behind_comma || best.cut == Cut::before_comparison ||
                     best.cut == Cut::before_operator;
  size_t start = 0;
  for (size_t index = 0; index <= best.places.size(); ++index) {
    const bool last = index == best.places.size();
    if (fills && !last) {
      const size_t next =
          index + 1 < best.places.size() ? best.places[index + 1] : pieces.size();
      const size_t tail = index + 1 < best.places.size() ? 0 : reserved;
      const size_t own = columns - std::min(columns, further || start > 0 ? continuation_width : 0);
      if (width_of(join(pieces.subspan(start, next - start))) + tail <= own) continue;
    }
    const size_t end = last ? pieces.size() : best.places[index];
    cut(pieces.subspan(start, end - start), columns, last ? reserved : 0, further || start > 0,
        out);
    start = end;
  }
}

std::vector<BrokenLine> as_written(std::span<const Piece> pieces) {
  std::vector<BrokenLine> made(1);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (i == 0) {
      made.back().text = piece.text;
      continue;
    }
    for (const Comment& each : piece.comments) {
      if (each.own_line || !made.back().comment.empty())
        made.push_back(BrokenLine{"", true, each.text});
      else
        made.back().comment = each.text;
    }
    if (piece.broken || !piece.comments.empty())
      made.push_back(BrokenLine{std::string(piece.text), true, {}});
    else
      made.back().text +=
          (is_spaced(i > 1 ? &pieces[i - 2] : nullptr, pieces[i - 1], piece) ? " " : "") +
          std::string(piece.text);
  }
  return made;
}

}  // namespace

size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(),
                                           [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string join(std::span<const Piece> pieces) {
  std::string made;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0 && is_spaced(i > 1 ? &pieces[i - 2] : nullptr, pieces[i - 1], pieces[i])) made += " ";
    made += pieces[i].text;
  }
  return made;
}

std::vector<BrokenLine> break_lines(std::span<const Piece> pieces, size_t columns,
                                    size_t reserved) {
  const bool has_comments = std::any_of(pieces.begin(), pieces.end(), [&](const Piece& each) {
    return !each.comments.empty() && &each != pieces.data();
  });
  if (has_comments) return as_written(pieces);
  std::vector<BrokenLine> made;
  cut(pieces, columns, reserved, false, made);
  return made;
}

}  // namespace rel::format
