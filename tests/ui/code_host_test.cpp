// `relc check` for code hosts (sarif, github) and `--fix`, as other programs call them.
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <filesystem>

#include <nlohmann/json.hpp>

#include "tests/ui/relc_folder.h"

using nlohmann::json;
using rel::test::Folder;
using rel::test::Run;

namespace {

// Two safe fixes, and an error that has none.
const std::string foreign =
    "metric failed : flag per request\n"
    "guard a = rate(failed) > 2% && rate(failed) < 9% over 1m\n"
    "guard b = !(rate(failed) > 2% over 1m)\n"
    "guard c = rate(faled) > 2% over 1m\n";

}  // namespace

TEST_CASE("check: a sarif log is one document over all files", "[check]") {
  const Folder folder;
  folder.write("a b.release", "metric m\xC3\xBC : flag\n");
  folder.write("d/bad.release", "metric \"\xC3\xBC\" : flag\n" + foreign);
  const Run run = folder.relc("check 'a b.release' d/bad.release --format sarif");
  CHECK(run.exit == 1);
  CHECK(run.err == "");
  const json log = json::parse(run.out);
  CHECK(log["version"] == "2.1.0");
  REQUIRE(log["runs"].size() == 1);
  const json& results = log["runs"][0]["results"];
  const json& rules = log["runs"][0]["tool"]["driver"]["rules"];
  REQUIRE(results.size() >= 4);
  for (const json& each : results) {
    CHECK(rules.at(each["ruleIndex"].get<size_t>())["id"] == each["ruleId"]);
    CHECK(each["level"] == "error");
  }
  // Columns count characters: `\xC3\xBC` is one.
  const json first = results[0]["locations"][0]["physicalLocation"];
  CHECK(first["artifactLocation"]["uri"] == "a%20b.release");
  CHECK(first["region"]["startColumn"] == 9);
  CHECK(first["region"]["endColumn"] == 10);
  CHECK(first["region"]["byteOffset"] == 8);
  CHECK(first["region"]["byteLength"] == 2);
  const json text = results[1]["locations"][0]["physicalLocation"];
  CHECK(text["artifactLocation"]["uri"] == "d/bad.release");
  CHECK(text["region"]["startColumn"] == 8);
  CHECK(text["region"]["endColumn"] == 11);

  const Run clean = folder.relc("check - --format sarif", "metric failed : flag per request\n");
  CHECK(clean.exit == 0);
  CHECK(json::parse(clean.out)["runs"][0]["results"] == json::array());
}

TEST_CASE("check: github annotations", "[check]") {
  const Folder folder;
  folder.write("a,b.release", "metrc x : flag\n");
  const Run run = folder.relc("check a,b.release --format github");
  CHECK(run.exit == 1);
  CHECK(run.out ==
        "::error file=a%2Cb.release,line=1,endLine=1,col=1,endColumn=6,"
        "title=REL0011 unknown-statement::unknown statement `metrc`%0Ahelp: did you mean "
        "`metric`?\n");
}

TEST_CASE("check --fix applies what is safe, once, and leaves the rest", "[check]") {
  const Folder folder;
  folder.write("bad.release", foreign);
  chmod((folder.path() / "bad.release").c_str(), 0640);
  std::filesystem::create_symlink("bad.release", folder.path() / "link.release");

  const Run run = folder.relc("check link.release --fix --format short");
  CHECK(run.exit == 1);
  CHECK(run.err == "relc: 2 fixed; 1 error in 1 file; `relc explain REL1002` says more\n");
  const std::string fixed = folder.read("bad.release");
  CHECK(fixed ==
        "metric failed : flag per request\n"
        "guard a = rate(failed) > 2% and rate(failed) < 9% over 1m\n"
        "guard b = not (rate(failed) > 2% over 1m)\n"
        "guard c = rate(faled) > 2% over 1m\n");  // a suggestion is not applied
  struct stat after {};
  REQUIRE(stat((folder.path() / "bad.release").c_str(), &after) == 0);
  CHECK((after.st_mode & 07777) == 0640);
  CHECK(std::filesystem::is_symlink(folder.path() / "link.release"));

  const Run again = folder.relc("check bad.release --fix --format short");
  CHECK(again.err == "relc: 0 fixed; 1 error in 1 file; `relc explain REL1002` says more\n");
  CHECK(folder.read("bad.release") == fixed);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    CHECK(entry.path().string().find(".relc-") == std::string::npos);
}

TEST_CASE("check --fix - is a filter", "[check]") {
  const Folder folder;
  const Run run = folder.relc("check - --fix --format short", foreign);
  CHECK(run.exit == 1);
  CHECK(run.out.find(" and rate(failed)") != std::string::npos);
  CHECK(run.err.find("-:4:16: error: ") == 0);
}

TEST_CASE("check: what is wrong with a shared import is said once", "[check]") {
  const Folder folder;
  folder.write("shared.release", "guard g = rate(x) >\n");
  const std::string importer = "import \"shared.release\"\nmetric x : flag per request\n";
  folder.write("a.release", importer);
  folder.write("b.release", importer);
  const Run run = folder.relc("check a.release b.release --format short");
  INFO(run.out);
  CHECK(run.exit == 1);
  CHECK(run.err.find("relc: 1 error in 2 files") == 0);
}
