// Journal: rows of any bytes are refused or are what they say, and a journal of a damaged file
// gives each row as it was written or says that it is damaged. The first byte chooses which.
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/check.h"
#include "runtime/journal/journal.h"
#include "runtime/journal/record.h"
#include "runtime/stage/tick_record.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/patch.h"
#include "tests/host_fixture.h"
#include "tests/memory_disk.h"

namespace {

using namespace rel;

constexpr const char* file_name = "journal.db";
constexpr int decisions = 12;

void try_decision(std::string_view bytes) {
  const Result<Decision> decision = decode_decision(bytes);
  if (decision) REL_CHECK(encode_decision(*decision) == bytes);
}

void try_state(const Plan& plan, std::string_view bytes) {
  const Result<EngineState> state = decode_state(plan, bytes);
  if (!state) return;
  REL_CHECK(encode_state(plan, *state) == bytes);
  REL_CHECK(route_of(plan, *state).share_millionths <= 1'000'000);
}

void try_ticks(const Plan& plan, std::string_view bytes) {
  TickReader reader(plan);
  TickInput tick;
  while (true) {
    const size_t before = bytes.size();
    const Result<bool> read = reader.next(bytes, tick);
    if (!read || !*read) return;
    REL_CHECK(bytes.size() < before);
  }
}

Decision decision_of(int number) {
  Decision decision;
  decision.id = static_cast<uint64_t>(number);
  decision.time_ns = test::start_ns + number;
  decision.kind = number % 2 == 0 ? DecisionKind::held : DecisionKind::resumed;
  return decision;
}

// A journal with a few decisions, as a file.
std::string written(const Plan& plan, int64_t* release) {
  test::MemoryDisk disk;
  auto journal = Journal::open({.path = file_name, .vfs = test::MemoryDisk::vfs});
  REL_CHECK(journal);
  const Result<ReleaseRecord> begun = (*journal)->begin_release(plan, test::start_ns);
  REL_CHECK(begun);
  *release = begun->id;
  const EngineState state;
  for (int i = 1; i <= decisions; ++i) {
    const JournalEntry entry{.decision = decision_of(i), .because = "for a test"};
    REL_CHECK((*journal)->record(begun->id, plan, {.entries = {&entry, 1}, .state = &state}));
  }
  journal->reset();
  return disk.find(file_name)->current;
}

void try_file(const Plan& plan, std::string_view patches) {
  static int64_t release = 0;
  static const std::string whole = written(plan, &release);
  const std::string content = fuzz::patched(whole, patches);
  test::MemoryDisk disk;
  disk.make(file_name) = {.durable = content, .current = content, .pending = {},
                          .shared_regions = {}};
  auto journal = Journal::open({.path = file_name, .vfs = test::MemoryDisk::vfs});
  if (!journal) return;
  const auto found = (*journal)->find_release(plan.release, plan_hash(plan));
  if (!found || !found->has_value()) return;
  (void)(*journal)->state(release, plan);
  (void)(*journal)->actions(release);
  (void)(*journal)->hands().after(0, 100);
  const auto rows = (*journal)->decisions(release, 0, 100);
  if (!rows) return;
  for (const LoggedDecision& row : *rows) {
    const Decision& read = row.entry.decision;
    const Decision wrote = decision_of(static_cast<int>(row.sequence));
    REL_CHECK(read.id == wrote.id && read.kind == wrote.kind && read.time_ns == wrote.time_ns);
    REL_CHECK(row.entry.because == "for a test");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Plan plan = test::small_plan();
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0: try_decision(bytes); break;
    case 1: try_decision(fuzz::patched(encode_decision(decision_of(1)), bytes)); break;
    case 2: try_state(plan, bytes); break;
    case 3: try_state(plan, fuzz::patched(encode_state(plan, {}), bytes)); break;
    case 4: try_ticks(plan, bytes); break;
    default: try_file(plan, bytes); break;
  }
  return 0;
}
