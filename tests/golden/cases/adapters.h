// From a golden case to calls of runtime/stats and back: one function a group.
// Input: the case's `in`, and its `out` for the names of the keys, some of which carry parameters.
// Output: the same keys with what the library computes. A missing or mistyped input throws
// nlohmann::json::exception or BadCase, which run_golden turns into a failure of that case.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace rel::test {

using nlohmann::json;

struct BadCase : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Adapter = json (*)(const json& in, const json& out);

struct Group {
  const char* name;
  Adapter adapter;
};

std::vector<Group> rate_groups();      // adapt_rates.cpp
std::vector<Group> sequence_groups();  // adapt_sequences.cpp
std::vector<Group> mean_groups();      // adapt_means.cpp
std::vector<Group> decision_groups();  // adapt_decisions.cpp

// "inf" and "-inf" for infinities, "nan" for what is not known.
json number_json(double x);
double number_of(const json& j);
std::vector<double> numbers_of(const json& j);
std::vector<uint64_t> counts_of(const json& j);

// The number that follows `prefix` in a key such as `psi_lower_99` or `log_e_m0=0.1`.
double number_in_key(const std::string& key, const std::string& prefix);

}  // namespace rel::test
