// Widths of characters, tabs, and replacements for what does not show.
#include "compiler/diagnostics/display.h"

#include <algorithm>

namespace rel {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

struct Range {
  uint32_t first;
  uint32_t last;
};

// Characters that take no column of their own.
constexpr Range combining[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
                               {0x064B, 0x065F}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},
                               {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D},
                               {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};

// Characters of two columns (East Asian wide and full width, and pictures).
constexpr Range wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
                          {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},
                          {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                          {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                          {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF},
                          {0x20000, 0x3FFFD}};

// Control characters, and those that change the direction of what follows: a line of a policy must
// not act on the terminal or look other than it reads.
constexpr Range hidden[] = {{0x0000, 0x001F}, {0x007F, 0x009F}, {0x200E, 0x200F},
                            {0x202A, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}};

template <size_t N>
bool in(const Range (&ranges)[N], uint32_t character) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const Range& each) {
    return character >= each.first && character <= each.last;
  });
}

struct Character {
  uint32_t value = 0;
  size_t length = 1;
  bool valid = false;
};

Character next_character(std::string_view text) {
  const auto byte = [&](size_t i) -> uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return {};
  uint32_t value = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3F);
  }
  return {value, length, true};
}

struct Shown {
  std::string_view text;
  uint32_t width = 1;
};

Shown show(const Character& character, std::string_view bytes) {
  if (!character.valid || in(hidden, character.value)) return {replacement, 1};
  if (in(combining, character.value)) return {bytes, 0};
  return {bytes, in(wide, character.value) ? 2u : 1u};
}

}  // namespace

DisplayLine display_line(std::string_view line) {
  DisplayLine made;
  made.columns.reserve(line.size() + 1);
  uint32_t column = 0;
  while (!line.empty()) {
    const Character character = next_character(line);
    for (size_t i = 0; i < character.length; ++i) made.columns.push_back(column);
    if (character.value == '\t' && character.valid) {
      const uint32_t width = tab_width - column % tab_width;
      made.text.append(width, ' ');
      column += width;
    } else {
      const Shown shown = show(character, line.substr(0, character.length));
      made.text += shown.text;
      column += shown.width;
    }
    line.remove_prefix(character.length);
  }
  made.columns.push_back(column);
  return made;
}

CutLine cut_line(const DisplayLine& line, uint32_t first, uint32_t count) {
  constexpr std::string_view dots = "...";
  const uint32_t width = line.columns.back();
  if (first == 0 && width <= count) return {line.text, 0};
  CutLine made;
  uint32_t column = 0;
  uint32_t shown_from = width;
  for (std::string_view rest = line.text; !rest.empty() && column < first + count;) {
    const Character character = next_character(rest);
    if (column >= first) {
      shown_from = std::min(shown_from, column);
      made.text += rest.substr(0, character.length);
    }
    column += in(combining, character.value) ? 0 : in(wide, character.value) ? 2 : 1;
    rest.remove_prefix(character.length);
  }
  if (first > 0) made.text.insert(0, dots);
  if (column < width) made.text += dots;
  made.shift = (first > 0 ? static_cast<int64_t>(dots.size()) : 0) - shown_from;
  if (first == 0) made.shift = 0;
  return made;
}

std::string display_text(std::string_view text) {
  std::string made;
  while (!text.empty()) {
    const Character character = next_character(text);
    made += show(character, text.substr(0, character.length)).text;
    text.remove_prefix(character.length);
  }
  return made;
}

Position character_position(const Sources& sources, FileId file, uint32_t offset) {
  Position at = sources.position(file, offset);
  const std::string_view before = sources.line(file, at.line).substr(0, at.column - 1);
  const auto inner = std::count_if(before.begin(), before.end(),
                                   [](char c) { return (c & 0xC0) == 0x80; });
  at.column -= static_cast<uint32_t>(inner);
  return at;
}

std::string whole_message(const Diagnostic& diagnostic) {
  std::string made = diagnostic.message;
  for (const std::string& each : diagnostic.help) made += "\nhelp: " + each;
  for (const Fix& each : diagnostic.fixes) made += "\nhelp: " + each.title;
  for (const std::string& each : diagnostic.notes) made += "\nnote: " + each;
  return made;
}

}  // namespace rel
