// The bytes of a plan file: what is written is what is read, field by field, little endian.
// Input: the fields of a row in a fixed order. Output: bytes, or the fields. Owner: save_plan and
// load_plan.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace rel {

class PlanWriter {
 public:
  static constexpr bool reading = false;
  static constexpr bool by_meaning = false;  // texts by their row, and places in the policy

  template <std::integral T>
  void operator()(T& value) {
    const auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (size_t byte = 0; byte < sizeof(T); ++byte) {
      bytes_.push_back(static_cast<char>((static_cast<uint64_t>(bits) >> (8 * byte)) & 0xff));
    }
  }
  void operator()(double& value) {
    uint64_t bits = std::bit_cast<uint64_t>(value);
    (*this)(bits);
  }
  void operator()(std::string& value) {
    uint32_t size = static_cast<uint32_t>(value.size());
    (*this)(size);
    bytes_ += value;
  }
  size_t count(size_t rows) {
    uint32_t count = static_cast<uint32_t>(rows);
    (*this)(count);
    return rows;
  }
  bool failed() const { return false; }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

// Reads past the end give zeros and set `failed`, so that a row needs one check, not one a field.
class PlanReader {
 public:
  static constexpr bool reading = true;
  static constexpr bool by_meaning = false;

  explicit PlanReader(std::string_view bytes) : rest_(bytes) {}

  template <std::integral T>
  void operator()(T& value) {
    uint64_t bits = 0;
    if (take(sizeof(T))) {
      for (size_t byte = 0; byte < sizeof(T); ++byte) {
        bits |= static_cast<uint64_t>(static_cast<uint8_t>(taken_[byte])) << (8 * byte);
      }
    }
    value = static_cast<T>(bits);
  }
  void operator()(double& value) {
    uint64_t bits = 0;
    (*this)(bits);
    value = std::bit_cast<double>(bits);
  }
  void operator()(std::string& value) {
    uint32_t size = 0;
    (*this)(size);
    if (take(size)) value.assign(taken_);
  }
  // A row takes at least a byte: a count beyond the rest of the file is refused before memory is.
  size_t count(size_t) {
    uint32_t count = 0;
    (*this)(count);
    if (count > rest_.size()) failed_ = true;
    return failed_ ? 0 : count;
  }
  std::string_view section(uint64_t size) {
    return size <= rest_.size() && take(static_cast<size_t>(size)) ? taken_ : fail();
  }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

 private:
  bool take(size_t size) {
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return false;
    }
    taken_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  std::string_view fail() {
    failed_ = true;
    return {};
  }

  std::string_view rest_;
  std::string_view taken_;
  bool failed_ = false;
};

}  // namespace rel
