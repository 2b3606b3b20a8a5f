// Golden cases of the statistics library: a file of groups of {in, out} cases is compared with what
// runtime/stats computes.
// Input: the parsed file, of the form {"groups": [{"name", "tol_rel", "cases": [{"in", "out"}]}]}.
// Output: how many cases pass, and one line for each that fails.
//
// Numbers agree if |got - want| <= tol_rel * max(1, |want|); strings and truth values exactly;
// infinities are the strings "inf" and "-inf". Every key of `out` is compared.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace rel::test {

struct GoldenReport {
  size_t passed = 0;
  std::vector<std::string> failures;  // group, number of the case, what differs
};

// An Error if the file cannot be read or is not of that form. A group whose name is not known here
// is a failure for each of its cases, never skipped.
Result<GoldenReport> run_golden_file(const std::string& path);
Result<GoldenReport> run_golden(const nlohmann::json& file);

// The names of all groups that are known here.
std::vector<std::string> golden_groups();

}  // namespace rel::test
