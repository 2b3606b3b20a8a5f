// One thread, one epoll: pace, connections, records.
#include "examples/load/load_generator.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <memory>
#include <stdexcept>
#include <unordered_map>

#include "examples/net/http_message.h"

namespace example {
namespace {

int64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct Connection {
  int fd = -1;
  uint64_t serial = 0;
  bool connected = false;
  bool reused = false;  // has answered before: the server may just have closed it
  bool busy = false;
  size_t written = 0;
  std::string in;
  Payment payment;
  int64_t sent_ns = 0;  // monotonic
};

struct Deadline {
  int64_t at_ns;
  int fd;
  uint64_t serial;
};

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options), traffic_(options.users, options.seed) {
    realtime_base_ns_ = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    signals_ = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    watch(signals_, EPOLLIN, EPOLL_CTL_ADD);
    result_.records.reserve(static_cast<size_t>(options.rate * options.duration_s) + 16);
  }

  LoadResult run(const std::function<void()>& started) {
    const int64_t begin = clock_ns(CLOCK_MONOTONIC);
    const auto end = begin + static_cast<int64_t>(options_.duration_s * 1e9);
    bool announced = false;
    int64_t now = begin;
    while ((now < end && !stopped_) || busy_ > 0) {
      if (now < end && !stopped_) {
        send_due(begin, now);
        result_.seconds = static_cast<double>(now - begin) / 1e9;
        if (!announced && due_ > 0) {
          announced = true;
          started();
        }
      } else {
        backlog_.clear();
      }
      wait_for_events();
      now = clock_ns(CLOCK_MONOTONIC);
      give_up_late(now);
    }
    return std::move(result_);
  }

 private:
  void watch(int fd, uint32_t what, int operation) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, operation, fd, &event);
  }

  void send_due(int64_t begin, int64_t now) {
    const auto due = static_cast<uint64_t>(static_cast<double>(now - begin) / 1e9 * options_.rate);
    for (; due_ < due; ++due_) {
      const double offset_s = static_cast<double>(due_) / options_.rate;
      backlog_.push_back(begin + static_cast<int64_t>(offset_s * 1e9));
    }
    while (!backlog_.empty()) {
      Connection* connection = free_connection();
      if (connection == nullptr) return;  // all are waiting for answers
      result_.latest_send_ns = std::max(result_.latest_send_ns, now - backlog_.front());
      backlog_.pop_front();
      send(*connection, traffic_.next());
    }
  }

  Connection* free_connection() {
    while (!idle_.empty()) {
      const int fd = idle_.back();
      idle_.pop_back();
      const auto found = connections_.find(fd);
      if (found != connections_.end() && !found->second->busy) return found->second.get();
    }
    return connections_.size() < options_.connections_max ? connect() : nullptr;
  }

  Connection* connect() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw std::runtime_error(std::string("socket: ") + std::strerror(errno));
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(options_.port);
    auto connection = std::make_unique<Connection>();
    connection->fd = fd;
    connection->serial = ++serial_;
    const int answer = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    connection->connected = answer == 0;
    watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
    Connection* raw = connection.get();
    connections_[fd] = std::move(connection);
    return raw;
  }

  void send(Connection& connection, Payment payment) {
    connection.payment = std::move(payment);
    connection.busy = true;
    connection.written = 0;
    connection.in.clear();
    connection.sent_ns = clock_ns(CLOCK_MONOTONIC);
    ++busy_;
    deadlines_.push_back({connection.sent_ns + static_cast<int64_t>(options_.timeout_ms * 1e6),
                          connection.fd, connection.serial});
    if (connection.connected && !write(connection)) lost(connection.fd);
  }

  bool write(Connection& connection) {
    const std::string& text = connection.payment.request;
    while (connection.written < text.size()) {
      const ssize_t sent = ::send(connection.fd, text.data() + connection.written,
                                  text.size() - connection.written, MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
      if (sent < 0) return false;
      connection.written += static_cast<size_t>(sent);
    }
    return true;
  }

  void wait_for_events() {
    epoll_event events[256];
    const int count = ::epoll_wait(epoll_, events, 256, 1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == signals_) {
        signalfd_siginfo info;
        stopped_ = ::read(signals_, &info, sizeof info) > 0 || stopped_;
        continue;
      }
      const auto found = connections_.find(fd);
      if (found != connections_.end()) ready(*found->second, events[i].events);
    }
  }

  void ready(Connection& connection, uint32_t what) {
    if (!connection.connected && (what & EPOLLOUT) != 0) {
      connection.connected = true;
      watch(connection.fd, EPOLLIN, EPOLL_CTL_MOD);
      if (connection.busy && !write(connection)) return lost(connection.fd);
    }
    if ((what & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    char buffer[16384];
    for (;;) {
      const ssize_t got = ::recv(connection.fd, buffer, sizeof buffer, 0);
      if (got > 0) {
        connection.in.append(buffer, static_cast<size_t>(got));
        continue;
      }
      if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
      return closed(connection);
    }
    if (connection.busy) finish_if_whole(connection);
  }

  void finish_if_whole(Connection& connection) {
    HttpHead head;
    const HeadState state = read_head(connection.in, head);
    if (state == HeadState::malformed) return lost(connection.fd);
    if (state == HeadState::incomplete) return;
    if (connection.in.size() < head.head_bytes + head.body_bytes) return;
    const std::string_view arm = head.header("X-Release-Variant");
    record(connection, status_of(head.start_line),
           arm == "candidate" ? Arm::candidate : arm == "baseline" ? Arm::baseline : Arm::unknown);
    connection.reused = true;
    if (head.header("Connection") == "close") return drop(connection.fd);
    idle_.push_back(connection.fd);
  }

  // `HTTP/1.1 200 OK` -> 200; anything else is no response.
  static int status_of(std::string_view start_line) {
    int status = 0;
    if (start_line.size() >= 12) {
      std::from_chars(start_line.data() + 9, start_line.data() + 12, status);
    }
    return status;
  }

  void record(Connection& connection, int status, Arm arm) {
    const int64_t now = clock_ns(CLOCK_MONOTONIC);
    result_.records.push_back({realtime_base_ns_ + connection.sent_ns, now - connection.sent_ns,
                               connection.payment.user, connection.payment.region, arm, status});
    connection.busy = false;
    --busy_;
  }

  // The server closed it. An idle keep-alive connection may be closed while a request is on its
  // way; such a request was not served and goes out once more on a fresh connection.
  void closed(Connection& connection) {
    if (!connection.busy) return drop(connection.fd);
    if (!connection.in.empty()) {
      finish_if_whole(connection);
      if (!connection.busy) return;
      return lost(connection.fd);
    }
    if (!connection.reused) return lost(connection.fd);
    Payment payment = std::move(connection.payment);
    connection.busy = false;
    --busy_;
    drop(connection.fd);
    ++result_.retried;
    send(*connect(), std::move(payment));
  }

  void lost(int fd) {
    const auto found = connections_.find(fd);
    if (found == connections_.end()) return;
    if (found->second->busy) record(*found->second, 0, Arm::unknown);
    drop(fd);
  }

  void drop(int fd) {
    if (connections_.erase(fd) > 0) ::close(fd);
  }

  void give_up_late(int64_t now) {
    while (!deadlines_.empty() && deadlines_.front().at_ns <= now) {
      const Deadline deadline = deadlines_.front();
      deadlines_.pop_front();
      const auto found = connections_.find(deadline.fd);
      if (found == connections_.end() || found->second->serial != deadline.serial) continue;
      const Connection& connection = *found->second;
      const bool same = connection.busy &&
                        connection.sent_ns + static_cast<int64_t>(options_.timeout_ms * 1e6) <= now;
      if (same) lost(deadline.fd);
    }
  }

  const LoadOptions& options_;
  Traffic traffic_;
  LoadResult result_;
  int epoll_ = -1;
  int signals_ = -1;
  int64_t realtime_base_ns_ = 0;
  uint64_t serial_ = 0;
  uint64_t due_ = 0;
  size_t busy_ = 0;
  bool stopped_ = false;
  std::deque<int64_t> backlog_;  // paced times of requests that could not leave yet
  std::deque<Deadline> deadlines_;
  std::vector<int> idle_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace

LoadResult run_load(const LoadOptions& options, const std::function<void()>& started) {
  return Load(options).run(started);
}

}  // namespace example
