// A decision made durable: one row and the engine's state in a transaction of the journal, beside
// the least a durable log can do, 128 bytes appended and fdatasync. Both wait for the device.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "runtime/journal/journal.h"
#include "tests/host_fixture.h"

namespace rel::bench {
namespace {

// Beside the build, so that both write to the disk that is meant, not to memory.
std::string fresh_folder() {
  std::string name = REL_BUILD_DIR "/durable-record-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder in " REL_BUILD_DIR);
  return name;
}

void reference(benchmark::State& state) {
  const std::string folder = fresh_folder();
  const int file = open((folder + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string bytes(128, 'x');
  for (auto _ : state) {
    const bool written =
        write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    if (!written || fdatasync(file) != 0) {
      state.SkipWithError("the disk failed");
      break;
    }
  }
  close(file);
  std::filesystem::remove_all(folder);
}

void ours(benchmark::State& state) {
  const std::string folder = fresh_folder();
  {
    const Plan plan = test::small_plan();
    auto journal = Journal::open({.path = folder + "/journal.sqlite"});
    if (!journal) throw std::runtime_error(journal.error().message);
    const auto release = (*journal)->begin_release(plan, test::start_ns);
    if (!release) throw std::runtime_error(release.error().message);
    JournalEntry entry;
    EngineState engine;
    for (auto _ : state) {
      entry.decision.id++;
      engine.next_decision_id = entry.decision.id + 1;
      if (!(*journal)->record(release->id, plan, {.entries = {&entry, 1}, .state = &engine})) {
        state.SkipWithError("the journal failed");
        break;
      }
    }
  }
  std::filesystem::remove_all(folder);
}

BENCHMARK(reference)->Name("durable_record/reference")->UseRealTime();
BENCHMARK(ours)->Name("durable_record/ours")->UseRealTime();

}  // namespace
}  // namespace rel::bench
