// The journal as a store: what goes in comes out, once, and what is not sound is refused.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "runtime/journal/database.h"
#include "runtime/journal/journal.h"
#include "runtime/journal/record.h"
#include "tests/host_fixture.h"

using namespace rel;
using rel::test::small_plan;
using rel::test::start_ns;
using rel::test::TempFolder;

namespace {

std::unique_ptr<Journal> open_journal(const TempFolder& folder) {
  auto journal = Journal::open({.path = folder.file("journal.sqlite")});
  if (!journal) FAIL(journal.error().message);
  return std::move(*journal);
}

JournalEntry decision(uint64_t id, DecisionKind kind, uint32_t share = 0) {
  JournalEntry entry;
  entry.decision.id = id;
  entry.decision.kind = kind;
  entry.decision.time_ns = start_ns + static_cast<int64_t>(id);
  entry.decision.share_millionths = share;
  return entry;
}

void record(Journal& journal, int64_t release, const Plan& plan, const JournalBatch& batch) {
  const Status s = journal.record(release, plan, batch);
  if (!s) FAIL(s.error().message);
}

}  // namespace

TEST_CASE("a batch comes back whole after the journal was closed") {
  const TempFolder folder;
  const Plan plan = small_plan();
  int64_t release = 0;
  {
    auto journal = open_journal(folder);
    release = journal->begin_release(plan, start_ns).value().id;
    JournalEntry entry = decision(1, DecisionKind::stage_entered, 100'000);
    entry.decision.evidence_count = 1;
    entry.decision.evidence[0] = {.aggregate = AggregateId{1}, .value = 0.25, .samples = 12};
    entry.because = "why";
    entry.frame = "[1]";
    entry.raise = 1;
    EngineState state;
    state.phase = Phase::idle;
    state.epoch = 3;
    state.next_decision_id = 2;
    state.triggers[0].since_ns = 77;
    const RaiseRecord raise{{.id = 1, .kind = RaiseKind::start, .stage = StageId{0}}};
    const ActionRecord action{.action = ActionId{1},
                              .status = ActionStatus::failed,
                              .attempts = 2,
                              .first_ns = start_ns,
                              .time_ns = start_ns,
                              .detail = "it failed"};
    record(*journal, release, plan,
           {.entries = {&entry, 1},
            .state = &state,
            .raises = {&raise, 1},
            .actions = {&action, 1}});
  }
  auto journal = open_journal(folder);
  const ReleaseRecord found = *journal->find_release("checkout_v2", plan_hash(plan)).value();
  CHECK(found.id == release);
  CHECK(found.begun_ns == start_ns);
  CHECK(found.candidate == "sha256:02");
  CHECK(plan_hash(load_plan(found.plan).value()) == plan_hash(plan));

  const JournaledState state = *journal->state(release, plan).value();
  CHECK(state.state.epoch == 3);
  CHECK(state.state.triggers[0].since_ns == 77);
  CHECK(state.last_decision_id == 1);
  CHECK(state.raise->raise.id == 1);
  CHECK(state.raise->outcome == RaiseOutcome::permitted);

  const auto logged = journal->decisions(release, 0, 100).value();
  REQUIRE(logged.size() == 1);
  CHECK(logged[0].sequence == 1);
  CHECK(logged[0].entry.decision.share_millionths == 100'000);
  CHECK(logged[0].entry.decision.evidence[0].value == 0.25);
  CHECK(logged[0].entry.because == "why");
  CHECK(logged[0].entry.frame == "[1]");
  const auto actions = journal->actions(release).value();
  REQUIRE(actions.size() == 1);
  CHECK(actions[0].status == ActionStatus::failed);
  CHECK(actions[0].attempts == 2);
}

TEST_CASE("a decision that is delivered again is logged once") {
  const TempFolder folder;
  const Plan plan = small_plan();
  auto journal = open_journal(folder);
  const int64_t release = journal->begin_release(plan, start_ns).value().id;
  const JournalEntry first = decision(1, DecisionKind::held);
  record(*journal, release, plan, {.entries = {&first, 1}});
  record(*journal, release, plan, {.entries = {&first, 1}});
  CHECK(journal->decisions(release, 0, 100).value().size() == 1);

  SECTION("another decision under the same number is an error, and nothing of its batch stays") {
    const JournalEntry batch[] = {decision(2, DecisionKind::resumed),
                                  decision(1, DecisionKind::rolled_back)};
    const Status s = journal->record(release, plan, {.entries = batch});
    REQUIRE_FALSE(s);
    CHECK_THAT(s.error().message, Catch::Contains("decision 1") && Catch::Contains("restart"));
    CHECK(journal->decisions(release, 0, 100).value().size() == 1);
  }
  SECTION("decisions of the host have no number and are never taken for one another") {
    const JournalEntry batch[] = {decision(0, DecisionKind::action_started),
                                  decision(0, DecisionKind::action_started)};
    record(*journal, release, plan, {.entries = batch});
    CHECK(journal->decisions(release, 0, 100).value().size() == 3);
    CHECK(journal->decisions(release, 1, 1).value().at(0).sequence == 2);
  }
}

TEST_CASE("the decisions of a raise that was taken back are not part of the log") {
  const TempFolder folder;
  const Plan plan = small_plan();
  auto journal = open_journal(folder);
  const int64_t release = journal->begin_release(plan, start_ns).value().id;
  JournalEntry entry = decision(1, DecisionKind::step_advanced, 500'000);
  entry.raise = 4;
  RaiseRecord raise{{.id = 4, .kind = RaiseKind::step, .stage = StageId{0}, .step = 1}};
  record(*journal, release, plan, {.entries = {&entry, 1}, .raises = {&raise, 1}});
  CHECK(journal->decisions(release, 0, 100).value().size() == 1);
  raise.outcome = RaiseOutcome::taken_back;
  record(*journal, release, plan, {.raises = {&raise, 1}});
  CHECK(journal->decisions(release, 0, 100).value().empty());
  // Its number stays used.
  const EngineState state;
  record(*journal, release, plan, {.state = &state});
  CHECK(journal->state(release, plan).value()->last_decision_id == 1);
}

TEST_CASE("a new plan of the same name supersedes the old run") {
  const TempFolder folder;
  const Plan plan = small_plan();
  Plan edited = plan;
  edited.owner = "somebody else";
  auto journal = open_journal(folder);
  REQUIRE(journal->begin_release(plan, start_ns));
  REQUIRE(journal->begin_release(edited, start_ns + 1));
  CHECK_FALSE(journal->find_release("checkout_v2", plan_hash(plan)).value());
  CHECK(journal->find_release("checkout_v2", plan_hash(edited)).value());
  CHECK(journal->releases().value().size() == 2);
}

TEST_CASE("quarantine keeps the first reason, a cooldown is never shortened") {
  const TempFolder folder;
  const Plan plan = small_plan();
  auto journal = open_journal(folder);
  const int64_t release = journal->begin_release(plan, start_ns).value().id;
  CHECK_FALSE(journal->quarantined("sha256:02").value());
  const QuarantineRecord first{"sha256:02", "checkout_v2", 10};
  const QuarantineRecord later{"sha256:02", "checkout_v3", 20};
  record(*journal, release, plan, {.quarantine = &first});
  record(*journal, release, plan, {.quarantine = &later});
  CHECK(journal->quarantined("sha256:02").value()->release == "checkout_v2");
  CHECK_FALSE(journal->quarantined("sha256:03").value());

  const CooldownRecord long_one{"scorer", "checkout_v2", 100};
  const CooldownRecord short_one{"scorer", "checkout_v3", 50};
  record(*journal, release, plan, {.cooldown = &long_one});
  record(*journal, release, plan, {.cooldown = &short_one});
  CHECK(journal->cooldown("scorer").value()->until_ns == 100);
}

TEST_CASE("a row that was changed behind the journal's back is refused") {
  const TempFolder folder;
  const Plan plan = small_plan();
  const std::string path = folder.file("journal.sqlite");
  int64_t release = 0;
  {
    auto journal = open_journal(folder);
    release = journal->begin_release(plan, start_ns).value().id;
    const JournalEntry entry = decision(1, DecisionKind::held);
    const EngineState state;
    const RaiseRecord raise{{.id = 1, .kind = RaiseKind::start}};
    record(*journal, release, plan,
           {.entries = {&entry, 1}, .state = &state, .raises = {&raise, 1}});
  }
  const auto change = [&](const char* sql) {
    auto database = Database::open(path, "", DatabaseMode::create);
    REQUIRE(database);
    REQUIRE((*database)->execute(sql));
  };
  SECTION("a decision") {
    change("UPDATE decisions SET because='something else'");
    auto journal = open_journal(folder);
    const auto logged = journal->decisions(release, 0, 100);
    REQUIRE_FALSE(logged);
    CHECK_THAT(logged.error().message, Catch::Contains("damaged") && Catch::Contains("move it"));
  }
  SECTION("the state") {
    change("UPDATE states SET state=zeroblob(length(state))");
    CHECK_FALSE(open_journal(folder)->state(release, plan));
  }
  SECTION("a raise") {
    change("UPDATE raises SET stage=1");
    CHECK_FALSE(open_journal(folder)->state(release, plan));
  }
  SECTION("the release") {
    change("UPDATE releases SET candidate='sha256:03'");
    CHECK_FALSE(open_journal(folder)->find_release("checkout_v2", plan_hash(plan)));
  }
}

TEST_CASE("a file that is no sound journal of this version is refused with the remedy") {
  const TempFolder folder;
  const std::string path = folder.file("journal.sqlite");
  std::string expected;
  SECTION("not a database") {
    std::ofstream(path) << std::string(8192, 'x');
    expected = "damaged";
  }
  SECTION("a database of somebody else") {
    auto database = Database::open(path, "", DatabaseMode::create);
    REQUIRE((*database)->execute("CREATE TABLE t(a)"));
    expected = "not a journal of relc";
  }
  SECTION("another layout") {
    REQUIRE(Journal::open({.path = path}));
    auto database = Database::open(path, "", DatabaseMode::create);
    REQUIRE((*database)->execute("UPDATE meta SET value='other'"));
    expected = "another version of relc";
  }
  SECTION("no directory") {
    const auto journal = Journal::open({.path = folder.file("missing/journal.sqlite")});
    REQUIRE_FALSE(journal);
    CHECK_THAT(journal.error().message, Catch::Contains("must exist and be writable"));
    return;
  }
  SECTION("a symbolic link") {
    std::filesystem::create_symlink(folder.file("elsewhere"), path);
    CHECK_FALSE(Journal::open({.path = path}));
    return;
  }
  const auto journal = Journal::open({.path = path});
  REQUIRE_FALSE(journal);
  CHECK_THAT(journal.error().message, Catch::Contains(expected) && Catch::Contains("move"));
}

TEST_CASE("a page damaged on disk is found when the journal is opened") {
  const TempFolder folder;
  const Plan plan = small_plan();
  const std::string path = folder.file("journal.sqlite");
  {
    auto journal = open_journal(folder);
    REQUIRE(journal->begin_release(plan, start_ns));
  }
  // The head of the last page, once everything is in the file itself.
  const auto size = std::filesystem::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size - 4096));
  file.write("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  file.close();
  const auto journal = Journal::open({.path = path});
  REQUIRE_FALSE(journal);
  CHECK_THAT(journal.error().message, Catch::Contains("damaged"));
}

TEST_CASE("bytes that are no record are refused by the decoder") {
  const Plan plan = small_plan();
  Decision decision;
  decision.evidence_count = 2;
  const std::string bytes = encode_decision(decision);
  REQUIRE(decode_decision(bytes));
  for (size_t length = 0; length < bytes.size(); length++) {
    CHECK_FALSE(decode_decision(std::string_view(bytes).substr(0, length)));
  }
  EngineState state;
  state.phase = Phase::running;
  state.stage = StageId{9};
  CHECK_FALSE(decode_state(plan, encode_state(plan, state)));
  state.stage = StageId{0};
  state.step = 2;
  CHECK_FALSE(decode_state(plan, encode_state(plan, state)));
  state.step = 1;
  const std::string sound = encode_state(plan, state);
  CHECK(decode_state(plan, sound));
  CHECK_FALSE(decode_state(plan, std::string_view(sound).substr(1)));
}
