// `relc check` as a whole process, of 100 and of 10,000 lines: beside a process that only parses
// (reference), and beside the checkers of other languages on as many lines of theirs, where they
// are installed.
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

// A sound policy of so many lines without a warning: guards, and a trigger for each of them. A
// release has at most 256 triggers, so that a long policy has several.
std::string policy_text(int lines) {
  constexpr int triggers_each = 44;
  std::string text = "model scorer {\n  baseline = mlflow(\"scorer/1\")\n"
                     "  candidate = mlflow(\"scorer/2\")\n}\n"
                     "metric latency : duration per request, lower is better\n";
  int written = 5;
  for (int release = 0; written + 100 <= lines + 5; ++release) {
    std::string triggers = "release checkout_" + std::to_string(release) +
                           " of scorer {\n  owner \"risk\"\n"
                           "  unknown { source_error: hold; no_data: hold; insufficient: hold }\n";
    for (int i = 1; i <= triggers_each; i++) {
      const std::string name = "slow_" + std::to_string(release) + "_" + std::to_string(i);
      text += "guard " + name + "(limit: duration = 300ms) = p99(candidate.latency) > limit + " +
              std::to_string(i) + "ms over 1m\n";
      triggers += "  rollback when " + name + "(limit: 400ms) for 2m\n";
    }
    text += triggers +
            "  stage canary: steps 1% for 1h, 10% for 1h\n"
            "  stage live: 100%\n"
            "  rollback { route baseline 100%; report \"postmortem.md\" }\n"
            "}\n";
    written = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }
  while (written++ < lines) text += "// the policy has as many lines as its name says\n";
  return text;
}

// What a shell script and an alerting rule of a like kind say.
std::string shell_text(int lines) {
  std::string text = "#!/bin/sh\nset -eu\n";
  for (int line = 2; line < lines; ++line)
    text += "if [ \"$p99\" -gt " + std::to_string(line) + " ]; then echo \"slow: $1\"; fi\n";
  return text;
}

std::string rules_text(int lines) {
  std::string text = "groups:\n- name: release\n  rules:\n";
  for (int line = 3; line + 7 <= lines; line += 7)
    text += "  - alert: Slow" + std::to_string(line) +
            "\n    expr: histogram_quantile(0.99, sum by (le) (rate(latency_bucket[1m]))) > 0." +
            std::to_string(100 + line) +
            "\n    for: 2m\n    labels:\n      severity: page\n    annotations:\n"
            "      summary: slow\n";
  return text;
}

std::string written(const std::string& name, const std::string& text) {
  const std::string path = REL_BUILD_DIR "/check_process_" + name;
  std::ofstream(path) << text;
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

void add(const std::string& name, std::vector<std::string> arguments) {
  if (access(arguments.front().c_str(), X_OK) != 0) return;
  benchmark::RegisterBenchmark(
      name.c_str(),
      [arguments](benchmark::State& state) { run_process(state, arguments); })
      ->UseRealTime();
}

bool add_all() {
  for (const int lines : {100, 10'000}) {
    const std::string row = lines == 100 ? "relc_check" : "relc_check_10k";
    const std::string size = std::to_string(lines);
    const std::string policy = written(size + ".release", policy_text(lines));
    const std::string rules = written(size + ".yaml", rules_text(lines));
    add(row + "/reference", {REL_BUILD_DIR "/bin/rel_parse_only", policy});
    add(row + "/ours", {REL_BUILD_DIR "/bin/relc", "check", policy});
    add(row + "/promtool", {"/usr/bin/promtool", "check", "rules", rules});
    // Of 10,000 lines it takes a quarter of a minute: too long to repeat.
    if (lines == 100)
      add(row + "/shellcheck", {"/usr/bin/shellcheck", "-e", "SC2154",
                                written(size + ".sh", shell_text(lines))});
  }
  return true;
}

const bool added = add_all();

}  // namespace
}  // namespace rel::bench
