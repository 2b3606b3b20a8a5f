// The table of codes, the list of diagnostics, and nearest names.
#include "compiler/diagnostics/diagnostic.h"

#include <algorithm>
#include <tuple>

#include "runtime/base/check.h"

namespace rel {
namespace {

// "REL1203" for 1203, made at compile time so that the table needs no initialiser.
struct Id {
  char text[8] = {'R', 'E', 'L', '0', '0', '0', '0', '\0'};

  constexpr explicit Id(uint16_t number) {
    for (int at = 6; at >= 3; --at, number /= 10) text[at] = static_cast<char>('0' + number % 10);
  }
};

constexpr Id ids[] = {
#define REL_DIAGNOSTIC(number, name, level, slug, title) Id{number},
#include "compiler/diagnostics/diagnostics.def"
};

constexpr uint16_t numbers[] = {
#define REL_DIAGNOSTIC(number, name, level, slug, title) number,
#include "compiler/diagnostics/diagnostics.def"
};

struct Row {
  Level level;
  std::string_view slug;
  std::string_view title;
};

constexpr Row rows[] = {
#define REL_DIAGNOSTIC(number, name, level, slug, title) Row{Level::level, slug, title},
#include "compiler/diagnostics/diagnostics.def"
};

constexpr size_t row_count = std::size(rows);

struct Table {
  CodeInfo infos[row_count];

  constexpr Table() : infos{} {
    for (size_t i = 0; i < row_count; ++i)
      infos[i] = CodeInfo{static_cast<Code>(numbers[i]),
                          numbers[i],
                          std::string_view(ids[i].text, 7),
                          rows[i].level,
                          rows[i].slug,
                          rows[i].title};
  }
};

constexpr Table table;

constexpr bool is_ascending() {
  for (size_t i = 1; i < row_count; ++i)
    if (numbers[i - 1] >= numbers[i]) return false;
  return true;
}
static_assert(is_ascending(), "diagnostics.def is sorted by number, each number once");

}  // namespace

const CodeInfo& info_of(Code code) {
  const auto number = static_cast<uint16_t>(code);
  const auto* found = std::lower_bound(std::begin(numbers), std::end(numbers), number);
  REL_CHECK(found != std::end(numbers) && *found == number);
  return table.infos[found - std::begin(numbers)];
}

std::span<const CodeInfo> all_codes() { return table.infos; }

Diagnostic& Diagnostic::label(Span where, std::string text) {
  labels.push_back(Label{where, std::move(text), false});
  return *this;
}

Diagnostic& Diagnostic::primary(std::string text) {
  for (Label& each : labels)
    if (each.primary) {
      each.text = std::move(text);
      return *this;
    }
  labels.insert(labels.begin(), Label{span, std::move(text), true});
  return *this;
}

Diagnostic& Diagnostic::with_help(std::string text) {
  help.push_back(std::move(text));
  return *this;
}

Diagnostic& Diagnostic::with_note(std::string text) {
  notes.push_back(std::move(text));
  return *this;
}

Diagnostic& Diagnostic::with_fix(Span where, std::string text, std::string title, bool safe) {
  fixes.push_back(Fix{where, std::move(text), std::move(title), safe});
  return *this;
}

Diagnostic& Diagnostics::report(Code code, Span span, std::string message) {
  Diagnostic& made = list_.emplace_back();
  made.code = code;
  made.level = info_of(code).level;
  made.span = span;
  made.message = std::move(message);
  made.labels.push_back(Label{span, "", true});
  if (made.level == Level::error) ++errors_;
  return made;
}

void Diagnostics::sort() {
  const auto key = [](const Diagnostic& each) {
    return std::tuple(each.span.file.value, each.span.offset, each.code);
  };
  std::stable_sort(list_.begin(), list_.end(), [&](const Diagnostic& a, const Diagnostic& b) {
    return key(a) < key(b);
  });
  const auto same = [&](const Diagnostic& a, const Diagnostic& b) {
    return key(a) == key(b) && a.message == b.message;
  };
  list_.erase(std::unique(list_.begin(), list_.end(), same), list_.end());
  count_errors();
}

void Diagnostics::keep(const std::function<bool(const Diagnostic&)>& wanted) {
  std::erase_if(list_, [&](const Diagnostic& each) { return !wanted(each); });
  count_errors();
}

void Diagnostics::count_errors() {
  const auto is_error = [](const Diagnostic& each) { return each.level == Level::error; };
  errors_ = static_cast<size_t>(std::count_if(list_.begin(), list_.end(), is_error));
}

namespace {

// Edit distance with transpositions of neighbours, given up beyond `limit`.
size_t edit_distance(std::string_view a, std::string_view b, size_t limit) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > limit) return limit + 1;
  std::vector<size_t> before(a.size() + 1), last(a.size() + 1), now(a.size() + 1);
  for (size_t i = 0; i <= a.size(); ++i) last[i] = i;
  for (size_t j = 1; j <= b.size(); ++j) {
    now[0] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
      const size_t replaced = last[i - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[i] = std::min({replaced, last[i] + 1, now[i - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[i] = std::min(now[i], before[i - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[a.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view word, std::span<const std::string_view> candidates) {
  // A third of the letters may be wrong; a longer way is another word, not a slip.
  const size_t limit = std::max<size_t>(1, word.size() / 3);
  size_t best_distance = limit + 1;
  std::string_view best;
  for (std::string_view candidate : candidates) {
    const size_t distance = edit_distance(word, candidate, limit);
    if (distance < best_distance && distance < candidate.size()) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace rel
