// The form of quantities and texts.
#include "compiler/syntax/literals.h"

#include <array>
#include <charconv>
#include <cmath>

namespace rel {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Parts of a compound duration stand in this order, each at most once.
constexpr std::array<std::string_view, 8> duration_units = {"w", "d",  "h",  "m",
                                                            "s", "ms", "us", "ns"};

size_t duration_rank(std::string_view unit) {
  size_t rank = 0;
  while (rank < duration_units.size() && duration_units[rank] != unit) ++rank;
  return rank;
}

// A message quotes what a person can read at a glance.
constexpr size_t quoted_bytes_max = 64;

QuantityText malformed(std::string_view text, std::string problem, std::string help) {
  const std::string cut = text.size() > quoted_bytes_max ? "..." : "";
  const std::string quoted(text.substr(0, quoted_bytes_max));
  return QuantityText{{}, "`" + quoted + cut + "` " + problem, std::move(help)};
}

class QuantityReader {
 public:
  explicit QuantityReader(std::string_view text) : text_(text) {}

  QuantityText read() {
    QuantityText made;
    while (at_ < text_.size()) {
      if (!is_digit(text_[at_])) return not_a_quantity();
      ast::Quantity::Part part;
      if (!number(part.magnitude))
        return malformed(text_, "is too large a number", "write it with a unit, such as `50k`");
      part.unit = std::string(unit());
      made.parts.push_back(std::move(part));
    }
    if (made.parts.size() > 1 && !is_compound_duration(made.parts))
      return malformed(text_, "is not a duration",
                       "the parts of a duration go from the largest unit to the smallest, such as "
                       "`1h30m`");
    return made;
  }

 private:
  bool number(double& value) {
    const size_t start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    if (at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1])) {
      ++at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    }
    const auto [end, error] = std::from_chars(text_.data() + start, text_.data() + at_, value);
    return error == std::errc{} && std::isfinite(value);
  }

  // `%`, or letters with an optional `/unit` at the end: ms, k, /s, k/s.
  std::string_view unit() {
    const size_t start = at_;
    if (at_ < text_.size() && text_[at_] == '%') return text_.substr(at_++, 1);
    while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    if (at_ < text_.size() && text_[at_] == '/') {
      ++at_;
      while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  static bool is_compound_duration(const std::vector<ast::Quantity::Part>& parts) {
    size_t last = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      const size_t rank = duration_rank(parts[i].unit);
      if (rank == duration_units.size() || (i > 0 && rank <= last)) return false;
      last = rank;
    }
    return true;
  }

  QuantityText not_a_quantity() const {
    const char c = text_[at_];
    if (c == '_')
      return malformed(text_, "has a `_` in its number", "write the digits without it, or `50k`");
    if (c == '.')
      return malformed(text_, "is not a number", "a number has one decimal point, such as `0.25`");
    return malformed(text_, "is not a number and a unit",
                     "a quantity is a number and its unit without a space, such as `300ms`, `5%` "
                     "or `120/s`");
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

QuantityText read_quantity(std::string_view text) { return QuantityReader(text).read(); }

StringText read_string(std::string_view text) {
  StringText made;
  const bool closed = text.size() >= 2 && text.ends_with('"');
  const size_t end = closed ? text.size() - 1 : text.size();
  for (size_t at = 1; at < end; ++at) {
    if (text[at] != '\\') {
      made.value += text[at];
      continue;
    }
    const char escaped = at + 1 < end ? text[at + 1] : '\0';
    switch (escaped) {
      case '"':
      case '\\':
        made.value += escaped;
        break;
      case 'n':
        made.value += '\n';
        break;
      case 't':
        made.value += '\t';
        break;
      default:  // rel: open set (any character may follow)
        made.unknown_escapes.push_back(EscapeProblem{static_cast<uint32_t>(at), 2});
        break;
    }
    ++at;
  }
  return made;
}

}  // namespace rel
