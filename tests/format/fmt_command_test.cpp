// `relc fmt` as other programs call it.
#include <catch2/catch.hpp>

#include "tests/ui/relc_folder.h"

using rel::test::Folder;
using rel::test::Run;

namespace {

const std::string loose = "metric  failed:flag per request // why\n";
const std::string tidy = "metric failed: flag per request  // why\n";

}  // namespace

TEST_CASE("fmt: files are rewritten only where they change", "[format]") {
  const Folder folder;
  folder.write("d/loose.release", loose);
  folder.write("d/tidy.release", tidy);

  const Run check = folder.relc("fmt --check d");
  CHECK(check.exit == 1);
  CHECK(check.out == "d/loose.release\n");
  CHECK(folder.read("d/loose.release") == loose);

  const Run run = folder.relc("fmt d d/loose.release");
  CHECK(run.exit == 0);
  CHECK(run.out == "");
  CHECK(folder.read("d/loose.release") == tidy);
  CHECK(folder.read("d/tidy.release") == tidy);
  CHECK(folder.relc("fmt --check d").exit == 0);
}

TEST_CASE("fmt - is a filter", "[format]") {
  const Folder folder;
  const Run run = folder.relc("fmt -", loose);
  CHECK(run.exit == 0);
  CHECK(run.out == tidy);
  CHECK(folder.relc("fmt --check -", loose).exit == 1);
  CHECK(folder.relc("fmt --check -", tidy).exit == 0);
}

TEST_CASE("fmt: a file with syntax errors is left alone", "[format]") {
  const Folder folder;
  folder.write("bad.release", "metrc  x\n");
  folder.write("loose.release", loose);
  const Run run = folder.relc("fmt bad.release loose.release");
  CHECK(run.exit == 1);
  CHECK(run.out == "");
  CHECK(run.err.find("error[REL0011]") != std::string::npos);
  CHECK(folder.read("bad.release") == "metrc  x\n");
  CHECK(folder.read("loose.release") == tidy);
  CHECK(folder.relc("fmt missing.release").exit == 2);
  CHECK(folder.relc("fmt").exit == 2);
}
