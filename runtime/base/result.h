// Result<T>: the outcome of asking the world for something (a file, a socket, a database).
// Input: nothing. Output: a value or an Error. The member names are those of std::expected,
// which GCC 12 does not have yet.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace rel {

// What failed in the world. `message` names the place and the remedy, lower case, no full stop.
struct Error {
  std::string message;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

struct Nothing {};
using Status = Result<Nothing>;

inline Status ok() { return Nothing{}; }

}  // namespace rel
