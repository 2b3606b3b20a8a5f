// An object linked into this process: JITLink places it, no file and no system linker is involved.
// Input: the bytes of an object that needs no symbol. Output: addresses of what it defines. Owner:
// whoever holds the LinkedCode; its code is gone when it is destroyed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <llvm/ADT/StringRef.h>

#include "runtime/base/result.h"

namespace rel::codegen {

// What one object may occupy in memory.
inline constexpr size_t code_bytes_max = 64u << 20;

class LinkedCode {
 public:
  // Fails if the object needs any symbol of the process: there are none to be had.
  static Result<std::unique_ptr<LinkedCode>> link(llvm::StringRef object, size_t bytes_max);

  // The addresses of symbols, in the order of `names`.
  Result<std::vector<void*>> find(const std::vector<std::string>& names);

  ~LinkedCode();
  LinkedCode(const LinkedCode&) = delete;
  LinkedCode& operator=(const LinkedCode&) = delete;

 private:
  struct Session;
  explicit LinkedCode(std::unique_ptr<Session> session);
  std::unique_ptr<Session> session_;
};

}  // namespace rel::codegen
