// rel_golden FILE: compares a file of golden cases with the statistics library.
// Output: one line for each case that fails, then `N passed, M failed`. Exit: 0 all passed, 1 some
// failed, 2 the file cannot be read.
#include <fmt/format.h>

#include "tests/golden/cases/golden_cases.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: rel_golden FILE\n");
    return 2;
  }
  const auto report = rel::test::run_golden_file(argv[1]);
  if (!report) {
    fmt::print(stderr, "rel_golden: {}\n", report.error().message);
    return 2;
  }
  for (const std::string& failure : report->failures) fmt::print("{}\n", failure);
  fmt::print("{} passed, {} failed\n", report->passed, report->failures.size());
  return report->failures.empty() ? 0 : 1;
}
