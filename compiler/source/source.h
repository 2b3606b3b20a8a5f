// Policy text and places in it. Files are read once and kept for the life of a compilation; a Span
// is two numbers, so every step can carry it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace rel {

struct FileId {
  uint32_t value = 0xffffffff;
  friend bool operator==(FileId, FileId) = default;
};

// Bytes [offset, offset + length) of a file.
struct Span {
  FileId file;
  uint32_t offset = 0;
  uint32_t length = 0;

  uint32_t end() const { return offset + length; }
  friend bool operator==(Span, Span) = default;
};

Span join(Span first, Span last);  // from the start of `first` to the end of `last`

// Line and column count from 1; the column is in bytes.
struct Position {
  uint32_t line = 1;
  uint32_t column = 1;
};

struct SourceFile {
  std::string path;  // as the user wrote it; "-" is standard input
  std::string text;
  std::vector<uint32_t> line_starts;
};

class Sources {
 public:
  // Reads a file, or standard input for "-". Sizes are checked by the scan, not here, but nothing
  // beyond source_bytes_max + 1 is read.
  Result<FileId> read(std::string path);
  FileId add(std::string path, std::string text);

  const SourceFile& file(FileId id) const { return files_[id.value]; }
  bool has(FileId id) const { return id.value < files_.size(); }
  std::string_view text(Span span) const;
  Position position(FileId file, uint32_t offset) const;
  std::string_view line(FileId file, uint32_t line_number) const;  // without its end

 private:
  std::deque<SourceFile> files_;
};

}  // namespace rel
