// Reads the comments of a file line by line.
#include "compiler/diagnostics/allow.h"

#include <algorithm>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace rel {
namespace {

constexpr std::string_view form = "write `// relc: allow(SLUG) why it is right here`";

struct Allow {
  Code code;
  Span comment;  // with the spaces before it, or the whole line when it stands alone
  Span slug;
  uint32_t line = 0;  // what begins on it is allowed
  bool used = false;
};

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Where a line's comment begins: `//` that is in no text.
size_t comment_of(std::string_view line) {
  bool quoted = false;
  for (size_t at = 0; at < line.size(); ++at) {
    if (quoted && line[at] == '\\')
      ++at;
    else if (line[at] == '"')
      quoted = !quoted;
    else if (!quoted && line.substr(at).starts_with("//"))
      return at;
  }
  return std::string_view::npos;
}

class Reader {
 public:
  Reader(const Sources& sources, FileId file, Diagnostics& diagnostics)
      : sources_(sources),
        file_(file),
        lines_(static_cast<uint32_t>(sources.file(file).line_starts.size())),
        diagnostics_(diagnostics) {}

  std::vector<Allow> run() {
    // Most policies have none: one search instead of a walk.
    if (sources_.file(file_).text.find("relc:") == std::string::npos) return {};
    for (uint32_t number = 1; number <= lines_; ++number) read_line(number);
    return std::move(allows_);
  }

 private:
  void read_line(uint32_t number) {
    const std::string_view line = sources_.line(file_, number);
    const size_t start = comment_of(line);
    if (start == std::string_view::npos) return;
    std::string_view rest = trimmed(line.substr(start + 2));
    if (!rest.starts_with("relc:")) return;
    rest = trimmed(rest.substr(5));
    const bool alone = trimmed(line.substr(0, start)).empty();
    const Span comment = place(line.substr(start));
    if (!rest.starts_with("allow(")) return malformed(comment, "this says nothing to relc");
    const size_t close = rest.find(')');
    if (close == std::string_view::npos) return malformed(comment, "`allow(` is never closed");
    const std::string_view reason = trimmed(rest.substr(close + 1));
    if (reason.empty()) return malformed(comment, "this allow gives no reason");
    const std::string_view slugs = rest.substr(6, close - 6);
    const Span whole = alone ? whole_line(number) : with_spaces(line, start);
    const uint32_t target = alone ? next_line(number) : number;
    for (size_t at = 0; at <= slugs.size();) {
      const size_t end = std::min(slugs.find(',', at), slugs.size());
      add(trimmed(slugs.substr(at, end - at)), comment, whole, target);
      at = end + 1;
    }
  }

  void add(std::string_view slug, Span comment, Span whole, uint32_t line) {
    if (slug.empty()) return malformed(comment, "this allow names no lint");
    const Span word = place(slug);
    for (const CodeInfo& each : all_codes()) {
      if (each.slug != slug && each.id != slug) continue;
      if (each.level == Level::error || each.code == Code::unused_allow) {
        diagnostics_
            .report(Code::bad_allow, word, fmt::format("`{}` cannot be allowed", slug))
            .with_note(each.level == Level::error ? "only warnings and notes can, this is an error"
                                                  : "it is about allows");
        return;
      }
      if (each.id == slug) {
        diagnostics_.report(Code::bad_allow, word, "an allow names a lint by its slug")
            .with_fix(word, std::string(each.slug), fmt::format("write `{}`", each.slug), true);
        return;
      }
      allows_.push_back(Allow{each.code, whole, word, line});
      return;
    }
    unknown(slug, word);
  }

  void unknown(std::string_view slug, Span word) {
    std::vector<std::string_view> names;
    for (const CodeInfo& each : all_codes())
      if (each.level != Level::error) names.push_back(each.slug);
    Diagnostic& made = diagnostics_.report(Code::bad_allow, word,
                                           fmt::format("there is no lint `{}`", slug));
    const std::string_view near = nearest_name(slug, names);
    if (!near.empty())
      made.with_fix(word, std::string(near), fmt::format("did you mean `{}`?", near), false);
    made.with_help("`relc explain` lists all of them");
  }

  void malformed(Span comment, std::string message) {
    diagnostics_.report(Code::bad_allow, comment, std::move(message)).with_help(std::string(form));
  }

  // `text` is a part of the file's text.
  Span place(std::string_view text) const {
    const auto offset = static_cast<uint32_t>(text.data() - sources_.file(file_).text.data());
    return Span{file_, offset, static_cast<uint32_t>(text.size())};
  }

  Span whole_line(uint32_t number) const {
    const SourceFile& source = sources_.file(file_);
    const uint32_t start = source.line_starts[number - 1];
    const auto end = number < lines_ ? source.line_starts[number]
                                     : static_cast<uint32_t>(source.text.size());
    return Span{file_, start, end - start};
  }

  Span with_spaces(std::string_view line, size_t start) const {
    while (start > 0 && (line[start - 1] == ' ' || line[start - 1] == '\t')) --start;
    return place(line.substr(start));
  }

  // The next line that has more than a comment on it.
  uint32_t next_line(uint32_t number) const {
    for (++number; number <= lines_; ++number) {
      const std::string_view line = sources_.line(file_, number);
      if (!trimmed(line.substr(0, std::min(comment_of(line), line.size()))).empty()) break;
    }
    return number;
  }

  const Sources& sources_;
  FileId file_;
  uint32_t lines_;
  Diagnostics& diagnostics_;
  std::vector<Allow> allows_;
};

void report_unused(const Allow& allow, const std::vector<Allow>& all, Diagnostics& diagnostics) {
  Diagnostic& made = diagnostics.report(
      Code::unused_allow, allow.slug,
      fmt::format("nothing here is `{}`: this allow has no effect", info_of(allow.code).slug));
  // One comment may hold several; it goes only when none of them is of use.
  const bool whole = std::none_of(all.begin(), all.end(), [&](const Allow& each) {
    return each.comment == allow.comment && each.used;
  });
  if (whole) made.with_fix(allow.comment, "", "remove it", true);
}

}  // namespace

void apply_allows(const Sources& sources, const std::vector<FileId>& files, bool lints_ran,
                  Diagnostics& diagnostics) {
  for (const FileId file : files) {
    std::vector<Allow> allows = Reader(sources, file, diagnostics).run();
    if (allows.empty()) continue;
    diagnostics.keep([&](const Diagnostic& each) {
      if (each.level == Level::error || each.span.file != file) return true;
      const uint32_t line = sources.position(file, each.span.offset).line;
      bool wanted = true;
      for (Allow& allow : allows) {
        if (allow.code != each.code || allow.line != line) continue;
        allow.used = true;
        wanted = false;
      }
      return wanted;
    });
    if (!lints_ran || diagnostics.has_errors() || file != files.front()) continue;
    for (const Allow& allow : allows)
      if (!allow.used) report_unused(allow, allows, diagnostics);
  }
}

}  // namespace rel
