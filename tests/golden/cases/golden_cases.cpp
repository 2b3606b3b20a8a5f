// Runs golden cases and compares.
#include "tests/golden/cases/golden_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "tests/golden/cases/adapters.h"

namespace rel::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<Group> all_groups() {
  std::vector<Group> all;
  for (const auto& some : {rate_groups(), sequence_groups(), mean_groups(), decision_groups()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

bool is_numeric(const json& j) {
  return j.is_number() || j == "inf" || j == "-inf" || j == "nan";
}

bool agrees(const json& got, const json& want, double tolerance) {
  if (is_numeric(got) && is_numeric(want)) {
    const double g = number_of(got);
    const double w = number_of(want);
    if (std::isnan(w) || std::isinf(w)) return std::isnan(w) ? std::isnan(g) : g == w;
    return std::fabs(g - w) <= tolerance * std::max(1.0, std::fabs(w));
  }
  if (got.is_array() && want.is_array()) {
    return got.size() == want.size() &&
           std::equal(got.begin(), got.end(), want.begin(),
                      [&](const json& g, const json& w) { return agrees(g, w, tolerance); });
  }
  return got == want;
}

std::string clipped(std::string text) {
  constexpr size_t shown_max = 160;
  if (text.size() > shown_max) text = text.substr(0, shown_max) + "...";
  return text;
}

// What is wrong with a case; empty if nothing is.
std::string run_case(const Adapter adapter, const json& golden, double tolerance) {
  try {
    const json& want = golden.at("out");
    if (!want.is_object() || want.empty()) return "`out` has nothing to compare";
    const json got = adapter(golden.at("in"), want);
    for (const auto& [key, value] : want.items()) {
      if (!got.contains(key)) return fmt::format("`{}` is not computed for this group", key);
      if (!agrees(got[key], value, tolerance)) {
        return fmt::format("`{}` is {}, expected {} for {}", key, clipped(got[key].dump()),
                           clipped(value.dump()), clipped(golden.at("in").dump()));
      }
    }
    return "";
  } catch (const json::exception& error) {
    return fmt::format("the case cannot be read: {}", error.what());
  } catch (const BadCase& error) {
    return fmt::format("the case cannot be read: {}", error.what());
  }
}

void run_group(const json& group, GoldenReport& report) {
  const std::string name = group.at("name").get<std::string>();
  const double tolerance = group.at("tol_rel").get<double>();
  const auto known = all_groups();
  const auto found = std::ranges::find_if(known, [&](const Group& g) { return g.name == name; });
  size_t number = 0;
  for (const json& golden : group.at("cases")) {
    ++number;
    const std::string wrong = found == known.end()
                                  ? "no group of this name is known to this program"
                                  : run_case(found->adapter, golden, tolerance);
    if (wrong.empty()) ++report.passed;
    else report.failures.push_back(fmt::format("{} case {}: {}", name, number, wrong));
  }
}

}  // namespace

Result<GoldenReport> run_golden_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Error{fmt::format("cannot open `{}`", path)};
  const json parsed = json::parse(file, nullptr, false);
  if (parsed.is_discarded()) return Error{fmt::format("`{}` is not JSON", path)};
  return run_golden(parsed);
}

Result<GoldenReport> run_golden(const json& file) {
  GoldenReport report;
  try {
    const json& groups = file.at("groups");
    if (!groups.is_array() || groups.empty()) return Error{"`groups` must be a list of groups"};
    for (const json& group : groups) {
      const size_t before = report.passed + report.failures.size();
      run_group(group, report);
      if (report.passed + report.failures.size() == before) {
        return Error{fmt::format("group `{}` has no cases", group.at("name").get<std::string>())};
      }
    }
  } catch (const json::exception& error) {
    return Error{fmt::format("not a file of golden cases: {}", error.what())};
  }
  return report;
}

std::vector<std::string> golden_groups() {
  std::vector<std::string> names;
  for (const Group& group : all_groups()) names.emplace_back(group.name);
  return names;
}

json number_json(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return x;
}

double number_of(const json& j) {
  if (j == "inf") return infinity;
  if (j == "-inf") return -infinity;
  if (j == "nan") return std::numeric_limits<double>::quiet_NaN();
  return j.get<double>();
}

std::vector<double> numbers_of(const json& j) {
  std::vector<double> numbers;
  for (const json& x : j) numbers.push_back(number_of(x));
  return numbers;
}

std::vector<uint64_t> counts_of(const json& j) {
  std::vector<uint64_t> counts;
  for (const json& x : j) {
    if (!x.is_number() || x.get<double>() < 0) throw BadCase("a count is not a number >= 0");
    counts.push_back(x.get<uint64_t>());
  }
  return counts;
}

double number_in_key(const std::string& key, const std::string& prefix) {
  const size_t found = key.find(prefix);
  if (found == std::string::npos) throw BadCase("`" + key + "` has no `" + prefix + "`");
  const char* text = key.c_str() + found + prefix.size();
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text) throw BadCase("no number after `" + prefix + "` in `" + key + "`");
  return value;
}

}  // namespace rel::test
