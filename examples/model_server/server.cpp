// One thread, one epoll, and a queue of answers that are due later.
#include "examples/model_server/server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <queue>
#include <stdexcept>
#include <unordered_map>

#include "examples/net/http_message.h"

namespace example {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t request_bytes_max = 64 * 1024;

struct Connection {
  int fd = -1;
  uint64_t serial = 0;  // tells a delayed answer that its connection is still the same
  std::string in;
  std::string out;
  bool busy = false;  // an answer is due later; what is pipelined waits
};

struct Delayed {
  Clock::time_point due;
  int fd;
  uint64_t serial;
  std::string bytes;
  bool operator>(const Delayed& other) const { return due > other.due; }
};

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 500: return "Internal Server Error";
    default: return "Status";
  }
}

std::string encode(const Response& response) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text += reason_phrase(response.status);
  text += "\r\nContent-Type: application/json\r\nContent-Length: ";
  text += std::to_string(response.body.size()) + "\r\n" + response.headers + "\r\n";
  return text + response.body;
}

class Server {
 public:
  Server(uint16_t port, const Handler& handler) : handler_(handler) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int one = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 1024) != 0) {
      throw std::runtime_error("port " + std::to_string(port) + ": " + std::strerror(errno));
    }
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    signals_ = ::signalfd(-1, &signals, SFD_CLOEXEC);
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    watch(signals_, EPOLLIN, EPOLL_CTL_ADD);
  }

  uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

  void run() {
    epoll_event events[256];
    for (;;) {
      const int count = ::epoll_wait(epoll_, events, 256, milliseconds_to_next());
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == signals_) return;
        if (fd == listener_) {
          accept_all();
        } else {
          serve_ready(fd);
        }
      }
      send_due();
    }
  }

 private:
  void watch(int fd, uint32_t what, int operation) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, operation, fd, &event);
  }

  int milliseconds_to_next() const {
    if (delayed_.empty()) return -1;
    const auto left = delayed_.top().due - Clock::now();
    if (left.count() <= 0) return 0;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
  }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int one = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      Connection& connection = connections_[fd];
      connection = Connection{};
      connection.fd = fd;
      connection.serial = ++serial_;
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void serve_ready(int fd) {
    const auto found = connections_.find(fd);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    char buffer[16384];
    for (;;) {
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got > 0) {
        connection.in.append(buffer, static_cast<size_t>(got));
        if (connection.in.size() > request_bytes_max) return drop(fd);
        continue;
      }
      if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
      return drop(fd);
    }
    if (answer_buffered(connection) && flush(connection)) return;
    drop(fd);
  }

  // Answers every whole request in the buffer; false: the peer does not speak our HTTP.
  bool answer_buffered(Connection& connection) {
    while (!connection.busy) {
      HttpHead head;
      switch (read_head(connection.in, head)) {
        case HeadState::incomplete: return true;
        case HeadState::malformed: return false;
        case HeadState::complete: break;
      }
      const size_t whole = head.head_bytes + head.body_bytes;
      if (connection.in.size() < whole) return true;
      answer(connection, head);
      connection.in.erase(0, whole);
    }
    return true;
  }

  void answer(Connection& connection, const HttpHead& head) {
    Request request;
    const size_t method_end = head.start_line.find(' ');
    const size_t target_end = head.start_line.rfind(' ');
    request.method = head.start_line.substr(0, method_end);
    std::string_view target =
        head.start_line.substr(method_end + 1, target_end - method_end - 1);
    const size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
    request.body = std::string_view(connection.in).substr(head.head_bytes, head.body_bytes);
    const Response response = handler_(request);
    if (response.delay.count() <= 0) {
      connection.out += encode(response);
      return;
    }
    connection.busy = true;
    delayed_.push({Clock::now() + response.delay, connection.fd, connection.serial,
                   encode(response)});
  }

  void send_due() {
    const Clock::time_point now = Clock::now();
    while (!delayed_.empty() && delayed_.top().due <= now) {
      const Delayed due = delayed_.top();
      delayed_.pop();
      const auto found = connections_.find(due.fd);
      if (found == connections_.end() || found->second.serial != due.serial) continue;
      found->second.out += due.bytes;
      found->second.busy = false;
      if (!answer_buffered(found->second) || !flush(found->second)) drop(due.fd);
    }
  }

  bool flush(Connection& connection) {
    while (!connection.out.empty()) {
      const ssize_t sent =
          ::send(connection.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        watch(connection.fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        return true;
      }
      if (sent < 0) return false;
      connection.out.erase(0, static_cast<size_t>(sent));
    }
    watch(connection.fd, EPOLLIN, EPOLL_CTL_MOD);
    return true;
  }

  void drop(int fd) {
    connections_.erase(fd);
    ::close(fd);
  }

  const Handler& handler_;
  int listener_ = -1;
  int signals_ = -1;
  int epoll_ = -1;
  uint64_t serial_ = 0;
  std::unordered_map<int, Connection> connections_;
  std::priority_queue<Delayed, std::vector<Delayed>, std::greater<>> delayed_;
};

}  // namespace

void serve(uint16_t port, const std::function<void(uint16_t)>& ready, const Handler& handler) {
  Server server(port, handler);
  ready(server.port());
  server.run();
}

}  // namespace example
