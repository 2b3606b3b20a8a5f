// The excerpt of a diagnostic is drawn line by line: the source line, a row of marks, and under it
// the texts of the labels, from right to left.
#include "compiler/diagnostics/render_text.h"

#include <algorithm>
#include <map>

#include "compiler/diagnostics/display.h"
#include "compiler/diagnostics/render_short.h"

namespace rel {
namespace {

enum class Style : uint8_t { plain, bold, error, warning, note, frame };

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "\x1b[1m";
    case Style::error:
      return "\x1b[1;31m";
    case Style::warning:
      return "\x1b[1;33m";
    case Style::note:
      return "\x1b[1;36m";
    case Style::frame:
      return "\x1b[1;34m";
  }
  return {};
}

Style style_of(Level level) {
  switch (level) {
    case Level::note:
      return Style::note;
    case Level::warning:
      return Style::warning;
    case Level::error:
      return Style::error;
  }
  return Style::plain;
}

// A line under construction: characters of one column, each with a style, and a text at the end.
class Row {
 public:
  void put(size_t column, char c, Style style) {
    if (cells_.size() <= column) cells_.resize(column + 1, Cell{' ', Style::plain});
    cells_[column] = Cell{c, style};
  }
  void finish(size_t column, std::string text, Style style) {
    if (cells_.size() < column) cells_.resize(column, Cell{' ', Style::plain});
    text_ = std::move(text);
    text_style_ = style;
  }
  template <typename Paint>
  void write(std::string& out, Paint paint) const {
    for (size_t i = 0; i < cells_.size();) {
      std::string run;
      const Style style = cells_[i].style;
      for (; i < cells_.size() && cells_[i].style == style; ++i) run += cells_[i].c;
      out += paint(run, style);
    }
    out += paint(text_, text_style_);
  }

 private:
  struct Cell {
    char c;
    Style style;
  };
  std::vector<Cell> cells_;
  std::string text_;
  Style text_style_ = Style::plain;
};

struct Mark {
  uint32_t first = 0;  // columns, end exclusive
  uint32_t last = 0;
  const Label* label = nullptr;
};

constexpr uint32_t columns_max = 140;     // a longer line is cut around its marks
constexpr uint32_t columns_before = 40;   // shown before the first mark then

class TextRenderer {
 public:
  TextRenderer(const Sources& sources, Colour colour) : sources_(sources), colour_(colour) {}

  std::string render(const Diagnostic& diagnostic) {
    out_.clear();
    level_style_ = style_of(diagnostic.level);
    header(diagnostic);
    const std::vector<Label> labels = clamped_labels(diagnostic);
    gutter_ = 1;
    for (const Label& each : labels) {
      const uint32_t line = line_of(each.span);
      gutter_ = std::max(gutter_, std::to_string(line).size());
    }
    const FileId main = diagnostic.span.file;
    if (sources_.has(main)) excerpt(main, labels, "--> ", clamped(diagnostic.span));
    std::vector<FileId> shown{main};
    for (const Label& each : labels) {
      if (std::find(shown.begin(), shown.end(), each.span.file) != shown.end()) continue;
      shown.push_back(each.span.file);
      excerpt(each.span.file, labels, "::: ", each.span);
    }
    footer(diagnostic);
    return std::move(out_);
  }

 private:
  void header(const Diagnostic& diagnostic) {
    const std::string code(info_of(diagnostic.code).id);
    out_ += paint(std::string(name_of(diagnostic.level)) + "[" + code + "]", level_style_);
    out_ += paint(": " + display_text(diagnostic.message), Style::bold) + "\n";
  }

  Span clamped(Span span) const {
    const auto size = static_cast<uint32_t>(sources_.file(span.file).text.size());
    span.offset = std::min(span.offset, size);
    span.length = std::min(span.length, size - span.offset);
    return span;
  }

  std::vector<Label> clamped_labels(const Diagnostic& diagnostic) const {
    std::vector<Label> labels = diagnostic.labels;
    const bool marked =
        std::any_of(labels.begin(), labels.end(), [](const Label& each) { return each.primary; });
    if (!marked) labels.push_back(Label{diagnostic.span, "", true});
    std::erase_if(labels, [&](const Label& each) { return !sources_.has(each.span.file); });
    for (Label& each : labels) each.span = clamped(each.span);
    return labels;
  }

  uint32_t line_of(Span span) const { return sources_.position(span.file, span.offset).line; }

  void excerpt(FileId file, const std::vector<Label>& labels, std::string_view arrow, Span at) {
    const Position position = sources_.position(file, at.offset);
    out_ += paint(std::string(gutter_ + 1, ' ') + std::string(arrow), Style::frame);
    out_ += display_text(sources_.file(file).path) + ":" + std::to_string(position.line) + ":" +
            std::to_string(position.column) + "\n";
    frame("\n");
    std::map<uint32_t, std::vector<const Label*>> by_line;
    for (const Label& each : labels)
      if (each.span.file == file) by_line[line_of(each.span)].push_back(&each);
    for (const auto& [line, on_line] : by_line) source_line(file, line, on_line);
    frame("\n");
  }

  void source_line(FileId file, uint32_t number, const std::vector<const Label*>& labels) {
    const DisplayLine line = display_line(sources_.line(file, number));
    std::vector<Mark> marks;
    for (const Label* each : labels) marks.push_back(mark(*each, line));
    std::stable_sort(marks.begin(), marks.end(),
                     [](const Mark& a, const Mark& b) { return a.first < b.first; });
    const CutLine cut = cut_to(line, marks);
    const std::string text = std::to_string(number);
    out_ += paint(std::string(gutter_ - text.size() + 1, ' ') + text + " |", Style::frame);
    out_ += cut.text.empty() ? "\n" : " " + cut.text + "\n";
    annotate(marks);
  }

  // Where a label stands on its line. What goes on in the next lines is marked to the line's end.
  Mark mark(const Label& label, const DisplayLine& line) const {
    const Position start = sources_.position(label.span.file, label.span.offset);
    const auto bytes = static_cast<uint32_t>(line.columns.size() - 1);
    const uint32_t first = std::min(start.column - 1, bytes);
    const uint32_t last = std::min(first + label.span.length, bytes);
    const uint32_t from = line.columns[first];
    return Mark{from, std::max(line.columns[last], from + 1), &label};
  }

  // Cuts a long line to the part around its marks, and moves the marks with it.
  static CutLine cut_to(const DisplayLine& line, std::vector<Mark>& marks) {
    if (line.columns.back() <= columns_max) return {line.text, 0};
    uint32_t start = marks.front().first;
    for (const Mark& each : marks)
      if (each.label->primary) start = each.first;
    const uint32_t first = start > columns_max / 2 ? start - columns_before : 0;
    CutLine cut = cut_line(line, first, columns_max);
    for (Mark& each : marks) {
      const auto moved = [&](uint32_t column) {
        const uint32_t inside = std::clamp(column, first, first + columns_max);
        return static_cast<uint32_t>(std::max<int64_t>(inside + cut.shift, 0));
      };
      each.first = moved(each.first);
      each.last = std::max(moved(each.last), each.first + 1);
    }
    return cut;
  }

  void annotate(const std::vector<Mark>& marks) {
    Row row;
    for (const bool primary : {false, true})  // the primary mark is drawn over the others
      for (const Mark& each : marks)
        if (each.label->primary == primary)
          for (uint32_t column = each.first; column < each.last; ++column)
            row.put(column, primary ? '^' : '-', style_of(each));
    std::vector<Mark> below = marks;
    uint32_t end = 0;
    for (const Mark& each : marks) end = std::max(end, each.last);
    if (marks.back().last == end) {
      if (!marks.back().label->text.empty())
        row.finish(end + 1, display_text(marks.back().label->text), style_of(marks.back()));
      below.pop_back();
    }
    std::erase_if(below, [](const Mark& each) { return each.label->text.empty(); });
    write_row(row);
    if (below.empty()) return;
    write_row(connectors(below));
    while (!below.empty()) {
      const Mark last = below.back();
      below.pop_back();
      Row text = connectors(below);
      text.finish(last.first, display_text(last.label->text), style_of(last));
      write_row(text);
    }
  }

  Row connectors(const std::vector<Mark>& marks) const {
    Row row;
    for (const Mark& each : marks) row.put(each.first, '|', style_of(each));
    return row;
  }

  void write_row(const Row& row) {
    frame(" ");
    row.write(out_, [&](const std::string& text, Style style) { return paint(text, style); });
    out_ += "\n";
  }

  void footer(const Diagnostic& diagnostic) {
    for (const Fix& each : diagnostic.fixes) footer_line("help", each.title);
    for (const std::string& each : diagnostic.help) footer_line("help", each);
    for (const std::string& each : diagnostic.notes) footer_line("note", each);
    out_ += "\n";
  }

  void footer_line(std::string_view kind, const std::string& text) {
    out_ += paint(std::string(gutter_ + 1, ' ') + " = ", Style::frame);
    out_ += paint(std::string(kind), Style::bold) + ": " + display_text(text) + "\n";
  }

  void frame(std::string_view then) {
    out_ += paint(std::string(gutter_ + 1, ' ') + " |", Style::frame) + std::string(then);
  }

  Style style_of(const Mark& mark) const {
    return mark.label->primary ? level_style_ : Style::frame;
  }
  static Style style_of(Level level) { return rel::style_of(level); }

  std::string paint(const std::string& text, Style style) const {
    switch (colour_) {
      case Colour::never:
        return text;
      case Colour::always:
        break;
    }
    if (text.empty() || style == Style::plain) return text;
    return std::string(escape_of(style)) + text + "\x1b[0m";
  }

  const Sources& sources_;
  Colour colour_;
  Style level_style_ = Style::error;
  size_t gutter_ = 1;  // digits of the largest line number
  std::string out_;
};

}  // namespace

std::string render_text(const Sources& sources, std::span<const Diagnostic> diagnostics,
                        Colour colour) {
  std::string out;
  TextRenderer renderer(sources, colour);
  for (const Diagnostic& each : diagnostics) out += renderer.render(each);
  return out;
}

}  // namespace rel
