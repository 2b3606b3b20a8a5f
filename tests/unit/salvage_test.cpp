// A damaged journal: what is whole is told, and every decision that is not.
#include <catch2/catch.hpp>

#include <sqlite3.h>

#include "runtime/journal/journal.h"
#include "runtime/journal/salvage.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

// Five decisions of the fixture's release.
std::string written_journal(const TempFolder& folder, const Plan& plan) {
  const std::string path = folder.file("journal.sqlite");
  auto journal = Journal::open({.path = path});
  REQUIRE(journal);
  const auto release = (*journal)->begin_release(plan, start_ns);
  REQUIRE(release);
  for (uint64_t id = 1; id <= 5; id++) {
    JournalEntry entry;
    entry.decision.id = id;
    entry.decision.time_ns = start_ns + static_cast<int64_t>(id) * second_ns;
    entry.decision.stage = StageId{0};
    REQUIRE((*journal)->record(release->id, plan, {.entries = {&entry, 1}}));
  }
  return path;
}

void change(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

bool has_line(const SalvageReport& report, const std::string& part) {
  for (const std::string& line : report.lines) {
    if (line.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a sound journal has lost nothing") {
  const TempFolder folder;
  const Plan plan = small_plan();
  const auto report = salvage_journal(written_journal(folder, plan));
  REQUIRE(report);
  CHECK_FALSE(report->lost_something);
  CHECK(has_line(*report, "5 decisions are whole"));
}

TEST_CASE("decisions that were changed are named, the others are told") {
  const TempFolder folder;
  const Plan plan = small_plan();
  const std::string path = written_journal(folder, plan);
  change(path, "UPDATE decisions SET because='x' WHERE sequence IN (2, 3)");
  const auto report = salvage_journal(path);
  REQUIRE(report);
  CHECK(report->lost_something);
  CHECK(has_line(*report, "LOST decisions 2 to 3 of `checkout_v2`"));
  CHECK(has_line(*report, "3 decisions are whole"));
}

TEST_CASE("what is not a journal is refused") {
  const TempFolder folder;
  CHECK_FALSE(salvage_journal(folder.file("nothing.sqlite")));
}
