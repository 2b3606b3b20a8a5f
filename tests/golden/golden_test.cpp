// Every golden value at its tolerance, and that the comparison can fail.
#include <catch2/catch.hpp>

#include <fstream>

#include "tests/golden/cases/golden_cases.h"

using namespace rel;
using namespace rel::test;
using nlohmann::json;

namespace {

json golden_file() {
  std::ifstream file(REL_SOURCE_DIR "/tests/golden/stats_golden.json");
  REQUIRE(file);
  return json::parse(file);
}

GoldenReport report_of(const json& file) {
  auto report = run_golden(file);
  REQUIRE(report);
  return *report;
}

json file_with(json group) { return {{"groups", json::array({std::move(group)})}}; }

json one_case() {
  return {{"name", "bb_log_e"},
          {"tol_rel", 1e-8},
          {"cases", json::array({{{"in", {{"s", 0}, {"n", 0}, {"p0", 0.1}, {"kappa", 10}}},
                                  {"out", {{"log_e", 0.0}, {"p_value", 1.0}}}}})}};
}

}  // namespace

TEST_CASE("every golden value is reproduced at its tolerance") {
  const json file = golden_file();
  for (const json& group : file.at("groups")) {
    DYNAMIC_SECTION(group.at("name").get<std::string>()) {
      const GoldenReport report = report_of(file_with(group));
      for (const std::string& failure : report.failures) FAIL_CHECK(failure);
      CHECK(report.passed == group.at("cases").size());
    }
  }
}

TEST_CASE("the golden file has every group that is known") {
  const json file = golden_file();
  std::vector<std::string> names;
  for (const json& group : file.at("groups")) names.push_back(group.at("name"));
  auto known = golden_groups();
  std::ranges::sort(names);
  std::ranges::sort(known);
  CHECK(names == known);
}

TEST_CASE("a value off by more than the tolerance fails") {
  json group = one_case();
  CHECK(report_of(file_with(group)).failures.empty());
  group["cases"][0]["out"]["log_e"] = 2e-8;
  const GoldenReport report = report_of(file_with(group));
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].find("bb_log_e case 1: `log_e` is 0.0") == 0);
}

TEST_CASE("an unknown group, an unknown key and a missing input are failures") {
  json group = one_case();
  SECTION("group") {
    group["name"] = "no_such_group";
    CHECK(report_of(file_with(group)).failures[0].find("no group of this name") !=
          std::string::npos);
  }
  SECTION("key") {
    group["cases"][0]["out"]["other"] = 1;
    CHECK(report_of(file_with(group)).failures[0].find("`other` is not computed") !=
          std::string::npos);
  }
  SECTION("input") {
    group["cases"][0]["in"].erase("kappa");
    CHECK(report_of(file_with(group)).failures[0].find("cannot be read") != std::string::npos);
  }
  SECTION("nothing to compare") {
    group["cases"][0]["out"] = json::object();
    CHECK(report_of(file_with(group)).failures.size() == 1);
  }
}

TEST_CASE("what is not a file of golden cases is an error") {
  CHECK_FALSE(run_golden(json::array()));
  CHECK_FALSE(run_golden({{"groups", json::array()}}));
  json group = one_case();
  group["cases"] = json::array();
  CHECK_FALSE(run_golden(file_with(group)));
  CHECK_FALSE(run_golden_file("no/such/file.json"));
}
