// Reading files, and places in them.
#include "compiler/source/source.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "runtime/base/check.h"
#include "runtime/base/limits.h"

namespace rel {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

Error cannot_read(const std::string& path, int number) {
  const std::string_view remedy =
      number == ENOENT   ? ": give the path of a policy file, or `-` for standard input"
      : number == EISDIR ? ": give a file of it"
      : number == EACCES ? ": allow this user to read it"
                         : "";
  return Error{"cannot read `" + path + "`: " + std::strerror(number) + std::string(remedy)};
}

}  // namespace

Span join(Span first, Span last) {
  REL_CHECK(first.file == last.file);
  const uint32_t end = std::max(first.end(), last.end());
  return Span{first.file, first.offset, end - first.offset};
}

Result<FileId> Sources::read(std::string path) {
  errno = 0;
  const std::unique_ptr<std::FILE, CloseFile> file{
      path == "-" ? stdin : std::fopen(path.c_str(), "rb")};
  if (!file) return cannot_read(path, errno);
  // One byte more than allowed: enough for the scan to refuse the file, and no more.
  std::string text(limits::source_bytes_max + 1, '\0');
  const size_t length = std::fread(text.data(), 1, text.size(), file.get());
  if (std::ferror(file.get()) != 0) return cannot_read(path, errno);
  text.resize(length);
  text.shrink_to_fit();
  return add(std::move(path), std::move(text));
}

FileId Sources::add(std::string path, std::string text) {
  SourceFile& file = files_.emplace_back();
  file.path = std::move(path);
  file.text = std::move(text);
  file.line_starts.push_back(0);
  for (size_t at = file.text.find('\n'); at != std::string::npos; at = file.text.find('\n', at + 1))
    file.line_starts.push_back(static_cast<uint32_t>(at + 1));
  return FileId{static_cast<uint32_t>(files_.size() - 1)};
}

std::string_view Sources::text(Span span) const {
  const std::string_view all = file(span.file).text;
  return span.offset >= all.size() ? std::string_view{} : all.substr(span.offset, span.length);
}

Position Sources::position(FileId id, uint32_t offset) const {
  const SourceFile& source = file(id);
  offset = std::min(offset, static_cast<uint32_t>(source.text.size()));
  const auto after =
      std::upper_bound(source.line_starts.begin(), source.line_starts.end(), offset);
  const auto line = static_cast<uint32_t>(after - source.line_starts.begin());
  uint32_t start = source.line_starts[line - 1];
  // A byte order mark takes no column: editors do not show it.
  if (line == 1 && source.text.starts_with(byte_order_mark))
    start = std::min(offset, static_cast<uint32_t>(byte_order_mark.size()));
  return Position{line, offset - start + 1};
}

std::string_view Sources::line(FileId id, uint32_t line_number) const {
  const SourceFile& source = file(id);
  if (line_number == 0 || line_number > source.line_starts.size()) return {};
  std::string_view rest = std::string_view(source.text).substr(source.line_starts[line_number - 1]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  if (line_number == 1 && rest.starts_with(byte_order_mark))
    rest.remove_prefix(byte_order_mark.size());
  return rest;
}

}  // namespace rel
