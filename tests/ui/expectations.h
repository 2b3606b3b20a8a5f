// The hand-written half of a UI case: what the policy says is wrong with it.
//
//   rollback when errors > 200ms    //~ 24-24 error[REL1203] cannot compare
//   //~^ 17-22 warning[REL3001] words     the line above; `^^` two lines above
//
// Columns are the first and last byte of the primary place; one number for one byte or none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rel::test {

struct Expectation {
  uint32_t line = 0;
  uint32_t first_column = 0;
  uint32_t last_column = 0;
  std::string level;
  std::string code;
  std::string words;  // part of the message

  std::string describe() const;
};

struct Expectations {
  std::vector<Expectation> all;
  std::optional<std::string> malformed;  // a `//~` comment that cannot be read
};

Expectations read_expectations(std::string_view policy);

}  // namespace rel::test
