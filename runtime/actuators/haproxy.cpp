// Routes in HAProxy (2.6): the candidate's share stands in an entry of a map that its configuration
// reads. The entry is set over the runtime socket, read back, and written into the map's file, so
// that a reload keeps it. The socket comes first: a disk that is full delays no way back.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "runtime/actuators/registry.h"
#include "runtime/actuators/replace_file.h"
#include "runtime/base/limits.h"

namespace rel {
namespace {

constexpr int64_t answer_within_ns = 5'000'000'000;

// One command on a connection of its own, as HAProxy's runtime API wants it: it closes after its
// answer.
class Question {
 public:
  Question(const std::string& path, std::string command) : rest_(std::move(command) + "\n") {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
      error_ = "its socket's path is too long";
      return;
    }
    path.copy(address.sun_path, path.size());
    socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto* place = reinterpret_cast<const sockaddr*>(&address);
    if (socket_ < 0 || connect(socket_, place, sizeof address) != 0) {
      error_ = fmt::format("{}: {}", path, std::strerror(errno));
    }
  }
  ~Question() {
    if (socket_ >= 0) close(socket_);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  // True: the answer is whole, or there is an error.
  bool poll() {
    if (!error_.empty()) return true;
    while (!rest_.empty()) {
      const ssize_t count = send(socket_, rest_.data(), rest_.size(), MSG_NOSIGNAL);
      if (count < 0) return waits();
      rest_.erase(0, static_cast<size_t>(count));
    }
    char block[4096];
    while (true) {
      const ssize_t count = recv(socket_, block, sizeof block, 0);
      if (count == 0) return true;
      if (count < 0) return waits();
      if (answer_.size() < limits::action_output_bytes_max) {
        answer_.append(block, static_cast<size_t>(count));
      }
    }
  }

  const std::string& error() const { return error_; }
  // Without the lines' ends around it.
  std::string answer() const {
    const size_t first = answer_.find_first_not_of(" \r\n");
    if (first == std::string::npos) return {};
    return answer_.substr(first, answer_.find_last_not_of(" \r\n") + 1 - first);
  }

 private:
  bool waits() {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return false;
    error_ = std::strerror(errno);
    return true;
  }

  int socket_ = -1;
  std::string rest_;
  std::string answer_;
  std::string error_;
};

// The map's file with one entry changed; every other line stays.
Status write_entry(const HaproxyRules& rules, const std::string& value) {
  std::ifstream file(rules.map);
  if (!file) return Error{fmt::format("{} cannot be read", rules.map)};
  std::string text;
  bool found = false;
  for (std::string line; std::getline(file, line);) {
    const size_t end = line.find_first_of(" \t");
    if (line.substr(0, end) == rules.key) {
      line = rules.key + " " + value;
      found = true;
    }
    text += line + "\n";
  }
  if (!found) text += rules.key + " " + value + "\n";
  struct stat before {};
  const mode_t mode = stat(rules.map.c_str(), &before) == 0 ? before.st_mode & 0777 : 0644;
  return replace_file(rules.map, text, mode);
}

class HaproxyRoute : public RunningAction {
 public:
  enum class Step : uint8_t { look, set, add, verify };

  HaproxyRoute(HaproxyRules rules, uint32_t share_millionths, Step first, int64_t now_ns)
      : rules_(std::move(rules)),
        value_(std::to_string(share_millionths)),
        deadline_ns_(now_ns + answer_within_ns) {
    ask(first);
  }

  ActionProgress poll(int64_t monotonic_ns) override {
    while (progress_ == ActionProgress::running) {
      if (!question_->poll()) {
        if (monotonic_ns >= deadline_ns_) fail("HAProxy did not answer in time");
        break;
      }
      if (!question_->error().empty()) fail("HAProxy is not reached: " + question_->error());
      else go_on(question_->answer());
    }
    return progress_;
  }
  std::string detail() const override { return detail_; }

 private:
  void ask(Step step) {
    step_ = step;
    constexpr std::array verbs = {"get", "set", "add", "get"};
    const bool gets = step == Step::look || step == Step::verify;
    question_.emplace(rules_.socket, fmt::format("{} map {} {}{}", verbs[static_cast<size_t>(step)],
                                                 rules_.map, rules_.key, gets ? "" : " " + value_));
  }

  void go_on(const std::string& answer) {
    const bool missing = answer.find("not found") != std::string::npos;
    switch (step_) {
      case Step::look:
        if (answer.starts_with("type=")) return finish("HAProxy has the map");
        return fail("HAProxy has no such map: " + answer);
      case Step::set:
        if (answer.empty()) return ask(Step::verify);
        if (missing) return ask(Step::add);
        return fail("HAProxy refused: " + answer);
      case Step::add:
        if (answer.empty()) return ask(Step::verify);
        return fail("HAProxy refused: " + answer);
      case Step::verify: return check(answer);
    }
  }

  void check(const std::string& answer) {
    if (answer.find("value=\"" + value_ + "\"") == std::string::npos) {
      return fail("HAProxy did not take the share: " + answer);
    }
    if (Status written = write_entry(rules_, value_); !written) {
      return fail("HAProxy routes so, but a reload would forget it: " + written.error().message);
    }
    finish(fmt::format("HAProxy has {} {}, in memory and in {}", rules_.key, value_, rules_.map));
  }

  void fail(std::string why) {
    progress_ = ActionProgress::failed;
    detail_ = std::move(why);
  }
  void finish(std::string what) {
    progress_ = ActionProgress::done;
    detail_ = std::move(what);
  }

  HaproxyRules rules_;
  std::string value_;
  int64_t deadline_ns_;
  Step step_ = Step::set;
  std::optional<Question> question_;
  ActionProgress progress_ = ActionProgress::running;
  std::string detail_;
};

}  // namespace

std::unique_ptr<RunningAction> start_haproxy(const ActionRequest& request,
                                             const Actuators& actuators, int64_t monotonic_ns) {
  const auto found = actuators.rules.haproxy.find(request.arguments[0]);
  if (found == actuators.rules.haproxy.end()) {
    return refused_action(fmt::format("the host does not know proxy `{}`; describe it under "
                                      "`haproxy:` in the file given with --config",
                                      request.arguments[0]));
  }
  const auto first = request.mode == ActionMode::probe ? HaproxyRoute::Step::look
                                                       : HaproxyRoute::Step::set;
  return std::make_unique<HaproxyRoute>(found->second, request.facts.share_millionths, first,
                                        monotonic_ns);
}

}  // namespace rel
