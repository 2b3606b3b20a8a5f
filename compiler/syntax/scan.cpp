// The scan before the parser: a policy is untrusted input, and a parser's recursion and memory are
// not. One pass over the bytes, no allocation but the bracket stack.
#include <array>
#include <string>

#include "compiler/syntax/parse.h"
#include "runtime/base/limits.h"

namespace rel {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_word_start(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
bool is_word(unsigned char c) { return is_word_start(c) || is_digit(c); }

// Length of the well-formed UTF-8 sequence at the front of `text`, 0 if there is none (RFC 3629:
// no overlong form, no surrogate, nothing above U+10FFFF).
size_t utf8_length(std::string_view text) {
  const auto at = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto tail = [&](size_t i) { return (at(i) & 0xC0) == 0x80; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    if (lead == 0xE0 && at(1) < 0xA0) return 0;
    if (lead == 0xED && at(1) > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0 && at(1) < 0x90) return 0;
    if (lead == 0xF4 && at(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

// How deep the parse will be at a place: open brackets, and the `not` and `-` that wait for their
// operand on each level of brackets.
class Depth {
 public:
  void open() {
    if (brackets_ < waiting_.size()) waiting_[brackets_] = chain_;
    ++brackets_;
    chain_ = 0;
  }
  void close() {
    if (brackets_ == 0) return;
    --brackets_;
    if (brackets_ < waiting_.size()) {
      total_chain_ -= chain_;
      chain_ = waiting_[brackets_];
    }
    operand();
  }
  void prefix() {
    ++chain_;
    ++total_chain_;
  }
  void operand() {
    total_chain_ -= chain_;
    chain_ = 0;
  }
  bool too_deep() const { return brackets_ + total_chain_ > limits::nesting_max; }

 private:
  std::array<size_t, limits::nesting_max + 1> waiting_{};
  size_t brackets_ = 0;
  size_t chain_ = 0;
  size_t total_chain_ = 0;
};

class Scanner {
 public:
  Scanner(FileId file, std::string_view text, Diagnostics& diagnostics)
      : file_(file), text_(text), diagnostics_(diagnostics) {}

  bool run() {
    if (text_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
    while (at_ < text_.size())
      if (!token()) return false;
    return true;
  }

 private:
  bool refuse(Code code, size_t offset, size_t length, std::string message, std::string help) {
    const Span span{file_, static_cast<uint32_t>(offset), static_cast<uint32_t>(length)};
    diagnostics_.report(code, span, std::move(message)).with_help(std::move(help));
    return false;
  }

  bool token() {
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at_;
      return true;
    }
    if (c == '/' && text_.substr(at_).starts_with("//")) return rest_of_line('\n');
    if (++tokens_ > limits::source_tokens_max)
      return refuse(Code::too_many_tokens, at_, 1,
                    "the policy has more than " + std::to_string(limits::source_tokens_max) +
                        " words and signs",
                    "split it into files of one release each and `import` what they share");
    if (is_word_start(c)) return word();
    if (is_digit(c)) return quantity();
    if (c == '"') return rest_of_line('"');
    return sign(c);
  }

  // A comment, or a text up to its closing quote. What is not closed ends with its line here as it
  // does in the lexer.
  bool rest_of_line(char last) {
    if (last == '"') depth_.operand();
    ++at_;
    while (at_ < text_.size() && text_[at_] != '\n') {
      if (text_[at_] == last) {
        ++at_;
        return true;
      }
      if (last == '"' && text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n')
        ++at_;
      if (!character()) return false;
    }
    return true;
  }

  bool character() {
    if (text_[at_] == '\0') return nul();
    const size_t length = utf8_length(text_.substr(at_));
    if (length == 0) return invalid();
    at_ += length;
    return true;
  }

  bool nul() {
    return refuse(Code::nul_byte, at_, 1, "the policy contains a NUL byte",
                  "a policy is text: save it as UTF-8 (UTF-16 has a NUL in every letter)");
  }

  bool invalid() {
    return refuse(Code::invalid_utf8, at_, 1, "the policy is not valid UTF-8 here",
                  "save the file as UTF-8");
  }

  bool word() {
    const size_t start = at_;
    while (at_ < text_.size() && is_word(static_cast<unsigned char>(text_[at_]))) ++at_;
    if (at_ - start > limits::identifier_bytes_max)
      return refuse(Code::name_too_long, start, at_ - start,
                    "a name of " + std::to_string(at_ - start) + " letters is too long",
                    "a name has at most " + std::to_string(limits::identifier_bytes_max) +
                        " letters");
    if (text_.substr(start, at_ - start) != "not") {
      depth_.operand();
      return true;
    }
    depth_.prefix();
    return check_depth(start);
  }

  bool quantity() {
    const auto goes_on = [&](char c) {
      return is_word(static_cast<unsigned char>(c)) || c == '%' || c == '.';
    };
    while (at_ < text_.size() && goes_on(text_[at_])) ++at_;
    depth_.operand();
    return true;
  }

  bool sign(unsigned char c) {
    const size_t start = at_;
    if (!character()) return false;
    if (c == '(' || c == '[' || c == '{') depth_.open();
    if (c == ')' || c == ']' || c == '}') depth_.close();
    if (c == '-') depth_.prefix();
    return check_depth(start);
  }

  bool check_depth(size_t offset) {
    if (!depth_.too_deep()) return true;
    return refuse(Code::nesting_too_deep, offset, 1,
                  "more than " + std::to_string(limits::nesting_max) + " levels of nesting",
                  "name parts of the condition as a `guard` and use those");
  }

  FileId file_;
  std::string_view text_;
  Diagnostics& diagnostics_;
  size_t at_ = 0;
  size_t tokens_ = 0;
  Depth depth_;
};

}  // namespace

bool scan(const Sources& sources, FileId file, Diagnostics& diagnostics) {
  const std::string_view text = sources.file(file).text;
  if (text.size() > limits::source_bytes_max) {
    diagnostics
        .report(Code::source_too_large, Span{file, 0, 0},
                "the policy is larger than " + std::to_string(limits::source_bytes_max) + " bytes")
        .with_help("split it into files of one release each and `import` what they share");
    return false;
  }
  return Scanner(file, text, diagnostics).run();
}

}  // namespace rel
