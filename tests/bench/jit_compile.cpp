// From a saved plan to callable code, beside LLVM alone. Every measurement is a process of its own
// (rel_jit_timing): only there LLVM is as cold as it is when a gateway starts.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

namespace rel::bench {
namespace {

// Nanoseconds that one run of rel_jit_timing reports, or a negative number.
double run_timing(const std::string& mode) {
  const std::string command = REL_BUILD_DIR "/bin/rel_jit_timing " + mode;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return -1;
  double nanoseconds = -1;
  const int fields = std::fscanf(pipe, "%lf", &nanoseconds);
  const int status = pclose(pipe);
  return fields == 1 && status == 0 ? nanoseconds : -1;
}

void time_runs(benchmark::State& state, const std::string& mode) {
  for (auto _ : state) {
    const double nanoseconds = run_timing(mode);
    if (nanoseconds < 0) return state.SkipWithError("rel_jit_timing failed");
    state.SetIterationTime(nanoseconds * 1e-9);
  }
}

void cold_reference(benchmark::State& state) { time_runs(state, "cold reference"); }
void cold_ours(benchmark::State& state) { time_runs(state, "cold ours"); }
void batch_reference(benchmark::State& state) { time_runs(state, "batch reference"); }
void batch_ours(benchmark::State& state) { time_runs(state, "batch ours"); }

constexpr int runs = 10;

BENCHMARK(cold_reference)->Name("jit_cold/reference")->UseManualTime()->Iterations(runs);
BENCHMARK(cold_ours)->Name("jit_cold/ours")->UseManualTime()->Iterations(runs);
BENCHMARK(batch_reference)->Name("jit_batch_of_50/reference")->UseManualTime()->Iterations(runs);
BENCHMARK(batch_ours)->Name("jit_batch_of_50/ours")->UseManualTime()->Iterations(runs);

}  // namespace
}  // namespace rel::bench
