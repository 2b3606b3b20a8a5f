// Runs a program of the allow-list: an argument vector, no shell, an environment of our own, a time
// limit, and the first few kilobytes of what it printed. A probe looks whether it could be run.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "runtime/actuators/registry.h"
#include "runtime/base/limits.h"

namespace rel {
namespace {

// A program that ignores the polite signal gets so long before it is killed.
constexpr int64_t kill_after_ns = 2'000'000'000;

class Command : public RunningAction {
 public:
  Command(pid_t pid, int output, int64_t deadline_ns, int64_t timeout_ns)
      : pid_(pid), output_(output), deadline_ns_(deadline_ns), timeout_ns_(timeout_ns) {}

  // A host that stops takes its child with it: the action runs again after the restart.
  ~Command() override {
    if (pid_ > 0) {
      kill(-pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (output_ >= 0) close(output_);
  }

  ActionProgress poll(int64_t monotonic_ns) override {
    if (progress_ != ActionProgress::running) return progress_;
    read_output();
    int status = 0;
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == 0) {
      enforce_deadline(monotonic_ns);
      return ActionProgress::running;
    }
    read_output();
    // Whatever it left running in its group must not outlive the action.
    kill(-pid_, SIGKILL);
    pid_ = -1;
    judge(status);
    return progress_;
  }

  std::string detail() const override {
    std::string text = outcome_;
    if (const size_t end = kept_.find_last_not_of(" \t\n"); end != std::string::npos) {
      text += "; it printed: " + kept_.substr(0, end + 1);
    }
    if (dropped_ > 0) text += fmt::format(" [{} more bytes not kept]", dropped_);
    return text;
  }

 private:
  void read_output() {
    char block[4096];
    while (true) {
      const ssize_t count = read(output_, block, sizeof block);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return;
      const size_t room = limits::action_output_bytes_max - kept_.size();
      const size_t keep = std::min(room, static_cast<size_t>(count));
      std::transform(block, block + keep, std::back_inserter(kept_), [](char c) {
        const bool control = static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
        return control || c == 0x7f ? '?' : c;
      });
      dropped_ += static_cast<size_t>(count) - keep;
    }
  }

  void enforce_deadline(int64_t monotonic_ns) {
    if (monotonic_ns < deadline_ns_) return;
    kill(-pid_, timed_out_ ? SIGKILL : SIGTERM);
    timed_out_ = true;
    deadline_ns_ = monotonic_ns + kill_after_ns;
  }

  void judge(int status) {
    progress_ = ActionProgress::failed;
    if (timed_out_) {
      outcome_ = fmt::format("it did not end within {:g} s and was stopped; raise "
                             "`command_timeout` in the configuration if it needs longer",
                             static_cast<double>(timeout_ns_) / 1e9);
    } else if (WIFSIGNALED(status)) {
      outcome_ = fmt::format("it was ended by signal {}", WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
      outcome_ = fmt::format("it exited with {}", WEXITSTATUS(status));
    } else {
      outcome_ = "it exited with 0";
      progress_ = ActionProgress::done;
    }
  }

  pid_t pid_;
  int output_;
  int64_t deadline_ns_;
  int64_t timeout_ns_;
  bool timed_out_ = false;
  ActionProgress progress_ = ActionProgress::running;
  std::string outcome_;
  std::string kept_;
  size_t dropped_ = 0;
};

// What the program learns beside its arguments. Nothing of the host's own environment is passed on.
std::vector<std::string> environment_of(const ActionRequest& request, const CommandRules& rules) {
  const ActionFacts& facts = request.facts;
  std::vector<std::string> variables = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "LANG=C.UTF-8",
      "RELC_KEY=" + request.key,
      fmt::format("RELC_ATTEMPT={}", request.attempt),
      "RELC_EVENT=" + facts.event,
      "RELC_SUMMARY=" + facts.summary,
      "RELC_RELEASE=" + facts.release,
      "RELC_MODEL=" + facts.model,
      "RELC_OWNER=" + facts.owner,
      "RELC_CANDIDATE=" + facts.candidate,
      "RELC_BASELINE=" + facts.baseline,
      "RELC_STAGE=" + facts.stage,
      fmt::format("RELC_EPOCH={}", facts.epoch),
      "RELC_REPORTS=" + facts.report_folder,
  };
  if (!facts.subject.empty()) {
    variables.push_back("RELC_SUBJECT=" + facts.subject);
    variables.push_back("RELC_VERSION=" + facts.version);
  }
  variables.insert(variables.end(), rules.environment.begin(), rules.environment.end());
  for (std::string& variable : variables) std::replace(variable.begin(), variable.end(), '\0', '?');
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The child starts with default signals, none blocked, in a group of its own, reads nothing, and
// has no descriptor but the pipe.
int spawn(std::vector<std::string>& arguments, std::vector<std::string>& environment, int output,
          pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, 1);
  posix_spawn_file_actions_adddup2(&files, output, 2);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                            POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  const int result = posix_spawn(&pid, arguments[0].c_str(), &files, &attributes,
                                 pointers_to(arguments).data(), pointers_to(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return result;
}

}  // namespace

std::unique_ptr<RunningAction> start_command(const ActionRequest& request,
                                             const Actuators& actuators, int64_t monotonic_ns) {
  const CommandRules& rules = actuators.rules.commands;
  std::vector<std::string> arguments = request.arguments;
  const auto failed = [](std::string why) {
    return ended_action(ActionProgress::failed, std::move(why));
  };
  const std::string& program = arguments[0];
  const std::vector<std::string>& allowed = rules.allowed;
  if (std::find(allowed.begin(), allowed.end(), program) == allowed.end()) {
    return refused_action(fmt::format("`{}` is not allowed on this host; add it under `commands:` "
                                      "in the file given with --config",
                                      program));
  }
  if (request.mode == ActionMode::probe) {
    if (access(program.c_str(), X_OK) == 0) {
      return ended_action(ActionProgress::done, fmt::format("`{}` can be run", program));
    }
    return failed(fmt::format("`{}` cannot be run: {}", program, std::strerror(errno)));
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    return failed(fmt::format("no pipe for `{}`: {}", program, std::strerror(errno)));
  }
  // Our end never waits; the program's end blocks, as programs expect.
  fcntl(ends[1], F_SETFL, 0);
  std::vector<std::string> environment = environment_of(request, rules);
  pid_t pid = -1;
  const int result = spawn(arguments, environment, ends[1], pid);
  close(ends[1]);
  if (result != 0) {
    close(ends[0]);
    return failed(fmt::format("`{}` cannot be run: {}", program, std::strerror(result)));
  }
  const int64_t timeout_ns = rules.timeout_ns;
  return std::make_unique<Command>(pid, ends[0], monotonic_ns + timeout_ns, timeout_ns);
}

}  // namespace rel
