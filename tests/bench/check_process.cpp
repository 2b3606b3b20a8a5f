// `relc check` of a policy of 100 lines as a whole process, beside a process that only parses it.
#include <benchmark/benchmark.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace rel::bench {
namespace {

// The whole file: what a team's policy holds, then guards up to 100 lines.
std::string policy_text() {
  std::string text =
      "model scorer {\n  baseline = digest(\"sha256:01\")\n  candidate = digest(\"sha256:02\")\n}\n"
      "metric latency : duration per request, lower is better\n"
      "metric failed : flag per request, lower is better, from status in 500..599\n"
      "segment region in { \"eu\", \"us\" }\n";
  const std::string release =
      "release checkout of scorer {\n  owner \"risk\"\n"
      "  unknown { source_error: hold; no_data: hold; insufficient: hold }\n"
      "  rollback when slow_1(limit: 400ms) for 2m\n"
      "  rollback when rate(failed) > 2% over 1m\n"
      "  stage canary: steps 1% for 1h, 10% for 1h\n  stage live: 100%\n"
      "  rollback { route baseline 100% }\n}\n";
  const auto lines = [](const std::string& part) {
    return std::count(part.begin(), part.end(), '\n');
  };
  for (int i = 1; lines(text) + lines(release) < 100; i++) {
    const std::string number = std::to_string(i);
    text += "guard slow_" + number + "(limit: duration = 300ms) = ";
    text += "p99(candidate.latency) > limit + " + number + "ms over 1m ";
    text += "and samples(candidate) >= 10" + number + "\n";
  }
  return text + release;
}

const std::string& policy_path() {
  static const std::string path = [] {
    std::string name = REL_BUILD_DIR "/check_process.release";
    std::ofstream(name) << policy_text();
    return name;
  }();
  return path;
}

void run_process(benchmark::State& state, std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  for (auto _ : state) {
    pid_t pid = 0;
    if (posix_spawn(&pid, pointers[0], nullptr, nullptr, pointers.data(), environ) != 0) {
      state.SkipWithError(("cannot run " + arguments[0]).c_str());
      break;
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      state.SkipWithError((arguments[0] + " failed").c_str());
      break;
    }
  }
}

void reference(benchmark::State& state) {
  run_process(state, {REL_BUILD_DIR "/bin/rel_parse_only", policy_path()});
}

void ours(benchmark::State& state) {
  run_process(state, {REL_BUILD_DIR "/bin/relc", "check", policy_path()});
}

BENCHMARK(reference)->Name("relc_check/reference")->UseRealTime();
BENCHMARK(ours)->Name("relc_check/ours")->UseRealTime();

}  // namespace
}  // namespace rel::bench
