// A diagnostic as data: what is wrong, where, why, and the remedy. Renderers turn it into text or
// json; nothing else formats messages.
// Input: any step of the compiler. Output: a Diagnostics list, in source order once sorted.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/source/source.h"

namespace rel {

enum class Level : uint8_t { note, warning, error };

// One row of diagnostics.def each: REL_DIAGNOSTIC(number, name, level, slug, title).
enum class Code : uint16_t {
#define REL_DIAGNOSTIC(number, name, level, slug, title) name = number,
#include "compiler/diagnostics/diagnostics.def"
};

struct CodeInfo {
  Code code;
  uint16_t number;         // 1203
  std::string_view id;     // "REL1203"
  Level level;
  std::string_view slug;   // "mixed-units"
  std::string_view title;  // what it is about, for lists
};

const CodeInfo& info_of(Code code);
std::span<const CodeInfo> all_codes();

struct Label {
  Span span;
  std::string text;
  bool primary = false;
};

// Replace `span` by `text`. A safe fix keeps the meaning the author plainly had.
struct Fix {
  Span span;
  std::string text;
  std::string title;
  bool safe = false;
};

struct Diagnostic {
  Code code;
  Level level;
  Span span;
  std::string message;
  std::vector<Label> labels;  // the primary one is at `span` and may be empty text
  std::vector<std::string> help;
  std::vector<std::string> notes;
  std::vector<Fix> fixes;

  Diagnostic& label(Span where, std::string text);   // a secondary place
  Diagnostic& primary(std::string text);             // text under the primary span
  Diagnostic& with_help(std::string text);
  Diagnostic& with_note(std::string text);
  Diagnostic& with_fix(Span where, std::string text, std::string title, bool safe);
};

class Diagnostics {
 public:
  // The reference stays valid until the next report.
  Diagnostic& report(Code code, Span span, std::string message);

  bool has_errors() const { return errors_ > 0; }
  const std::vector<Diagnostic>& all() const { return list_; }
  // By file, then offset, then code; equal ones once.
  void sort();
  // Drops what `wanted` is false for.
  void keep(const std::function<bool(const Diagnostic&)>& wanted);

 private:
  void count_errors();

  std::vector<Diagnostic> list_;
  size_t errors_ = 0;
};

// The candidate nearest to `word` by edit distance, if near enough to be a typing slip.
std::string_view nearest_name(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace rel
