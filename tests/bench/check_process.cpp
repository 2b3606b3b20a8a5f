// `relc check` of a policy of 100 lines as a whole process, beside a process that only parses it.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace rel::bench {
namespace {

// A sound policy of 100 lines without a finding: guards, and a trigger for each of them.
std::string policy_text() {
  const std::string baseline(64, 'a');
  const std::string candidate(64, 'b');
  std::string head = "model scorer {\n  baseline = digest(\"sha256:" + baseline +
                     "\")\n  candidate = digest(\"sha256:" + candidate + "\")\n}\n" +
                     "metric latency : duration per request, lower is better\n";
  std::string triggers =
      "release checkout of scorer {\n  owner \"risk\"\n"
      "  unknown { source_error: hold; no_data: hold; insufficient: hold }\n";
  const std::string stages =
      "  stage canary: steps 1% for 1h, 10% for 1h\n"
      "  stage live: 100%\n"
      "  rollback { route baseline 100% }\n"
      "}\n";
  for (int i = 1; i <= 44; i++) {
    const std::string name = "slow_" + std::to_string(i);
    head += "guard " + name + "(limit: duration = 300ms) = p99(candidate.latency) > limit + " +
            std::to_string(i) + "ms over 1m\n";
    triggers += "  rollback when " + name + "(limit: 400ms) for 2m\n";
  }
  return head + triggers + stages;
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
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  for (const int output : {STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&files, output, "/dev/null", O_WRONLY, 0);
  }
  for (auto _ : state) {
    pid_t pid = 0;
    if (posix_spawn(&pid, pointers[0], &files, nullptr, pointers.data(), environ) != 0) {
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
  posix_spawn_file_actions_destroy(&files);
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
