// What the runner of tests says: for people, and one JSON object a line for programs.
// Input: finished runs and the text they were written in. Output: text. Pure.
#pragma once

#include <string>
#include <vector>

#include "compiler/source/source.h"
#include "compiler/testing/run.h"

namespace rel::testing {

enum class Paint : uint8_t { plain, colour };

// Whether the decision log is shown of every test, or only of those that fail.
enum class ShowLog : uint8_t { failed, every };

std::string test_text(const Sources& sources, const sema::TypedPolicy& policy, const TestRun& run,
                      Paint paint, ShowLog show);
std::string test_json(const Sources& sources, const sema::TypedPolicy& policy, const TestRun& run);

// Which triggers of a release its tests have seen true.
struct Coverage {
  const Plan* plan = nullptr;
  std::vector<bool> fired;

  void add(const TestRun& run);
  size_t count() const;
};

std::string coverage_text(const Coverage& coverage, Paint paint);
std::string coverage_json(const Coverage& coverage);

}  // namespace rel::testing
