// `relc check` and `relc explain` as other programs call them: exit codes, streams and formats.
#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/ui/relc_folder.h"

namespace {

using rel::test::Folder;
using rel::test::Run;

const std::string good = "metric latency : duration per request, lower is better\n";
const std::string bad = "metrc latency : duration\n";

}  // namespace

TEST_CASE("check: exit codes and the summary", "[check]") {
  const Folder folder;
  folder.write("good.release", good);
  folder.write("bad.release", bad);

  const Run clean = folder.relc("check good.release");
  CHECK(clean.exit == 0);
  CHECK(clean.out == "");
  CHECK(clean.err == "relc: nothing found in 1 file\n");

  const Run found = folder.relc("check good.release bad.release --format short");
  CHECK(found.exit == 1);
  CHECK(found.out == "bad.release:1:1: error: unknown statement `metrc` [REL0011]\n");
  CHECK(found.err == "relc: 1 error in 2 files; `relc explain REL0011` says more\n");

  const Run missing = folder.relc("check missing.release bad.release --format short");
  CHECK(missing.exit == 2);
  CHECK(missing.out.find("missing.release:1:1: error: cannot read `missing.release`") == 0);
  CHECK(missing.out.find("[REL9001]\n") != std::string::npos);
  CHECK(missing.out.find("[REL0011]\n") != std::string::npos);

  // Without a path the current folder is checked.
  const Run here = folder.relc("check --format short");
  CHECK(here.exit == 1);
  CHECK(here.out.find("[REL0011]\n") != std::string::npos);
  CHECK(folder.relc("check good.release --format html").exit == 2);
}

TEST_CASE("check: directories are searched for policies", "[check]") {
  const Folder folder;
  folder.write("d/b.release", bad);
  folder.write("d/sub/a.release", bad);
  folder.write("d/notes.txt", "not a policy");
  folder.write("empty/notes.txt", "not a policy");
  const Run run = folder.relc("check d d/b.release --format short");
  CHECK(run.exit == 1);
  CHECK(run.out.find("d/b.release:1:1") == 0);
  CHECK(run.out.find("d/sub/a.release:1:1") != std::string::npos);
  CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 2);  // d/b.release once

  const Run none = folder.relc("check empty");
  CHECK(none.exit == 2);
  CHECK(none.err.find("no *.release file below `empty`") != std::string::npos);
}

TEST_CASE("check: standard input", "[check]") {
  const Folder folder;
  CHECK(folder.relc("check -", good).exit == 0);
  const Run run = folder.relc("check - --format short", bad);
  CHECK(run.exit == 1);
  CHECK(run.out.find("-:1:1: error:") == 0);
}

TEST_CASE("check: json is one object a line and nothing else", "[check]") {
  const Folder folder;
  folder.write("bad.release", bad + "guard g = a >\n");
  const Run run = folder.relc("check bad.release missing.release --format json");
  CHECK(run.exit == 2);
  CHECK(run.err == "");
  std::istringstream lines(run.out);
  std::vector<std::string> codes;
  for (std::string line; std::getline(lines, line);)
    codes.push_back(nlohmann::json::parse(line)["code"]);
  CHECK(codes == std::vector<std::string>{"REL0011", "REL0010", "REL9001"});
}

TEST_CASE("check: a hostile file is refused at once", "[check]") {
  const Folder folder;
  folder.write("deep.release", std::string(100'000, '('));
  const Run run = folder.relc("check deep.release --format short");
  CHECK(run.exit == 1);
  CHECK(run.out.find("[REL0005]\n") != std::string::npos);
  CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 1);
}

TEST_CASE("explain: pages, the list, and unknown codes", "[check]") {
  const Folder folder;
  const Run page = folder.relc("explain REL0011");
  CHECK(page.exit == 0);
  CHECK(page.out.find("# REL0011: unknown statement\n") == 0);
  CHECK(folder.relc("explain rel0011").out == page.out);
  CHECK(folder.relc("explain 11").out == page.out);
  CHECK(folder.relc("explain unknown-statement").out == page.out);

  const Run list = folder.relc("explain");
  CHECK(list.exit == 0);
  CHECK(list.out.find("REL0011  error    unknown-statement") != std::string::npos);

  const Run unknown = folder.relc("explain unknown-statment");
  CHECK(unknown.exit == 2);
  CHECK(unknown.out == "");
  CHECK(unknown.err.find("did you mean `unknown-statement`?") != std::string::npos);
}
