// Crashes: kill -9 of the host at every write of its journal, and a disk that loses, tears and
// refuses. RELC_CRASH=all visits every point, otherwise a few hundred of them.
#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <new>

#include "runtime/host/host.h"
#include "runtime/host/status_json.h"
#include "tests/crash/kill_vfs.h"
#include "tests/memory_disk.h"
#include "tests/crash/trial.h"

using namespace rel;
using namespace rel::test;

namespace {

bool every_point() {
  const char* wish = std::getenv("RELC_CRASH");
  return wish != nullptr && std::string(wish) == "all";
}

// So that about `wanted` of `points` are visited, each run the same ones.
uint64_t stride(uint64_t points, uint64_t wanted) {
  return every_point() ? 1 : std::max<uint64_t>(1, points / wanted);
}

const auto never = [] { return false; };

// Memory that parent and killed child share.
struct SharedWitness {
  Witness* witness;
  SharedWitness() {
    void* memory = mmap(nullptr, sizeof(Witness), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    witness = new (memory) Witness();
  }
  ~SharedWitness() { munmap(witness, sizeof(Witness)); }
};

// Lives a life in a process of its own that is killed at `point`. True: it was.
bool live_and_be_killed(const Trial& trial, Witness& witness, uint64_t point) {
  const pid_t child = fork();
  if (child == 0) {
    arm_kill_vfs(point);
    live(trial, witness, never);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (!WIFSIGNALED(status)) REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  return WIFSIGNALED(status);
}

uint64_t count_kill_points(const Plan& plan, Script script) {
  const TempFolder folder;
  Gateway gateway(plan);
  Witness witness;
  const uint64_t* passed = arm_kill_vfs(0);
  live({plan, gateway, {folder.file("journal.sqlite"), kill_vfs}, folder.path(), script}, witness,
       never);
  REQUIRE(witness.settled);
  return *passed;
}

// Every trial has a state directory of its own: what ticks leave there is read when a host opens.
uint64_t count_disk_operations(const Plan& plan, Script script) {
  const TempFolder folder;
  MemoryDisk disk;
  Gateway gateway(plan);
  Witness witness;
  live({plan, gateway, {"journal", MemoryDisk::vfs}, folder.path(), script}, witness, never);
  REQUIRE(witness.settled);
  return disk.operations();
}

}  // namespace

TEST_CASE("a host killed at any write of its journal loses, repeats and skips nothing") {
  const Plan plan = trial_plan();
  for (const Script script : {Script::goes_through, Script::rolls_back}) {
    const uint64_t points = count_kill_points(plan, script);
    REQUIRE(points > 50);
    for (uint64_t point = 1; point <= points; point += stride(points, 100)) {
      CAPTURE(static_cast<int>(script), point);
      const TempFolder folder;
      Gateway gateway(plan);
      const SharedWitness shared;
      const Trial killed{
          plan, gateway, {folder.file("journal.sqlite"), kill_vfs}, folder.path(), script};
      REQUIRE(live_and_be_killed(killed, *shared.witness, point));
      gateway.continue_at(shared.witness->elapsed_ns);
      arm_kill_vfs(0);
      CHECK(broken_by_crash(killed, *shared.witness) == "");
      live(killed, *shared.witness, never);
      CHECK(shared.witness->settled);
      CHECK(broken_log(killed) == "");
      CHECK(broken_saga(killed, *shared.witness) == "");
    }
  }
}

struct PowerCut {
  uint64_t operation;
  size_t granularity;
  uint64_t seed;  // chooses what of the unsynchronised arrived
};

static void cut_power(const Plan& plan, Script script, const PowerCut& cut) {
  CAPTURE(static_cast<int>(script), cut.operation, cut.granularity, cut.seed);
  const TempFolder folder;
  MemoryDisk disk;
  Gateway gateway(plan);
  Witness witness;
  const Trial trial{plan, gateway, {"journal", MemoryDisk::vfs}, folder.path(), script};
  disk.fail_at(cut.operation, DiskFault::power_off);
  live(trial, witness, [&] { return disk.is_off(); });
  disk.crash(cut.seed, cut.granularity);
  CHECK(broken_by_crash(trial, witness) == "");

  // The gateway's memory went with the power: the next one starts from the journal alone.
  Gateway fresh(plan);
  fresh.continue_at(witness.elapsed_ns);
  const Trial next{plan, fresh, trial.journal, folder.path(), script};
  Witness second;
  live(next, second, never);
  CHECK(second.settled);
  CHECK(broken_log(next) == "");
}

TEST_CASE("after a power cut at any operation the journal has what it acknowledged") {
  const Plan plan = trial_plan();
  const uint64_t seeds = every_point() ? 12 : 1;
  for (const Script script : {Script::goes_through, Script::rolls_back}) {
    const uint64_t operations = count_disk_operations(plan, script);
    REQUIRE(operations > 40);
    for (const size_t granularity : {size_t{1}, size_t{512}, size_t{4096}}) {
      for (uint64_t point = 1; point <= operations; point += stride(operations, 60)) {
        for (uint64_t seed = 0; seed < seeds; seed++) {
          cut_power(plan, script, {point, granularity, point * 31 + seed});
        }
      }
    }
  }
}

TEST_CASE("a disk that fails stops increases, never the route, and is made up for when it heals") {
  const Plan plan = trial_plan();
  const DiskFault faults[] = {DiskFault::sync_once, DiskFault::sync_forever, DiskFault::no_space,
                              DiskFault::io_error, DiskFault::short_write};
  for (const DiskFault fault : faults) {
    const uint64_t operations =
        count_disk_operations(plan, Script::goes_through);
    for (uint64_t point = 1; point <= operations; point += stride(operations, 30)) {
      CAPTURE(static_cast<int>(fault), point);
      const TempFolder reports;
      MemoryDisk disk;
      Gateway gateway(plan);
      Witness witness;
      const Trial trial{
          plan, gateway, {"journal", MemoryDisk::vfs}, reports.path(), Script::goes_through};
      disk.fail_at(point, fault);
      uint32_t share = 0;
      live(trial, witness, [&] {
        // Exposure never shrinks for want of a disk.
        CHECK(witness.share >= share);
        share = witness.share;
        return false;
      });
      CHECK(witness.share >= share);
      disk.heal();
      // What happened in memory after the failure is permitted by what is on disk.
      CHECK(broken_by_crash(trial, witness) == "");
      live(trial, witness, never);
      CHECK(witness.settled);
      CHECK(broken_log(trial) == "");
    }
  }
}

TEST_CASE("a power cut after a failed synchronisation finds the journal sound or refused") {
  const Plan plan = trial_plan();
  const uint64_t operations = count_disk_operations(plan, Script::rolls_back);
  for (uint64_t point = 1; point <= operations; point += stride(operations, 60)) {
    CAPTURE(point);
    const TempFolder reports;
    MemoryDisk disk;
    Gateway gateway(plan);
    Witness witness;
    const Trial trial{
        plan, gateway, {"journal", MemoryDisk::vfs}, reports.path(), Script::rolls_back};
    disk.fail_at(point, DiskFault::sync_once);
    live(trial, witness, never);
    disk.crash(point, 512);
    CHECK(broken_by_crash(trial, witness) == "");
  }
}

// After a failed fsync the page cache holds what the disk does not, and a process that starts anew
// reads it there: nothing may be appended behind it as if it were on the disk.
TEST_CASE("what a failed synchronisation left in the page cache takes no later record with it") {
  const Plan plan = trial_plan();
  const auto entry = [](uint64_t id) {
    JournalEntry made;
    made.decision.id = id;
    made.decision.kind = DecisionKind::held;
    return made;
  };
  for (uint64_t seed = 0; seed < 9; ++seed) {
    CAPTURE(seed);
    MemoryDisk disk;
    auto journal = Journal::open({.path = "journal", .vfs = MemoryDisk::vfs});
    REQUIRE(journal);
    const auto release = (*journal)->begin_release(plan, start_ns);
    REQUIRE(release);
    disk.fail_at(disk.operations(), DiskFault::sync_forever);
    const JournalEntry first = entry(1);
    REQUIRE_FALSE((*journal)->record(release->id, plan, {.entries = {&first, 1}}));
    disk.fail_at(disk.operations(), DiskFault::power_off);  // kill -9
    journal->reset();
    disk.forget_process();

    journal = Journal::open({.path = "journal", .vfs = MemoryDisk::vfs});
    REQUIRE(journal);
    const JournalEntry second = entry(2);
    REQUIRE((*journal)->record(release->id, plan, {.entries = {&second, 1}}));
    disk.fail_at(disk.operations(), DiskFault::power_off);
    journal->reset();
    disk.crash(seed, 512);

    journal = Journal::open({.path = "journal", .vfs = MemoryDisk::vfs});
    REQUIRE(journal);
    const auto logged = (*journal)->decisions(release->id, 0, 10);
    REQUIRE(logged);
    CHECK(std::count_if(logged->begin(), logged->end(), [](const LoggedDecision& one) {
            return one.entry.decision.id == 2;
          }) == 1);
  }
}

TEST_CASE("a rollback happens while the journal fails, and is journaled when the disk is back") {
  const Plan plan = trial_plan();
  const TempFolder reports;
  MemoryDisk disk;
  Gateway gateway(plan);
  const auto runtime = gateway.open();
  auto journal = Journal::open({.path = "journal", .vfs = MemoryDisk::vfs});
  REQUIRE(journal);
  auto host = Host::open(*runtime, **journal, {.state_dir = reports.path()}, gateway.now());
  REQUIRE(host);
  const auto run = [&](int ticks) {
    for (int i = 0; i < ticks; i++) {
      (*host)->step(gateway.now());
      gateway.tick();
    }
  };
  run(5);
  REQUIRE(gateway.runtime().published_route().share_millionths == 100'000);

  disk.fail_at(1, DiskFault::no_space);
  run(60);
  CHECK(gateway.runtime().published_route().share_millionths == 100'000);
  CHECK_THAT((*host)->journal_error(), Catch::Contains("full") && Catch::Contains("free space"));
  CHECK_THAT(status_json(**host), Catch::Contains("\"ok\":false"));

  gateway.observe(100, 50);
  run(3);
  CHECK(gateway.runtime().published_route().share_millionths == 0);
  run(20);
  CHECK_FALSE((*host)->settled());

  disk.heal();
  run(20);
  CHECK((*host)->journal_error().empty());
  CHECK((*host)->settled());
  const auto logged = (*journal)->decisions((*host)->release().id, 0, 100);
  REQUIRE(logged);
  CHECK(std::count_if(logged->begin(), logged->end(), [](const LoggedDecision& one) {
          return one.entry.decision.kind == DecisionKind::rolled_back;
        }) == 1);
}
