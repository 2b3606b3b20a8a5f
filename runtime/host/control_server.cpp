#include "runtime/host/control_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/limits.h"
#include "runtime/host/control_socket.h"

namespace rel {
namespace {

constexpr std::string_view too_many =
    R"({"ok":false,"error":"too many connections to the control socket; try again"})" "\n";
constexpr std::string_view too_long =
    R"({"ok":false,"error":"a request is longer than 1 MiB"})" "\n";

int stream_socket() {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

// Frees the name if a socket stands there that nobody listens on.
Status remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return ok();
    return Error{fmt::format("cannot look at {}: {}", path, std::strerror(errno))};
  }
  if (!S_ISSOCK(found.st_mode)) {
    return Error{fmt::format("{} is not a socket; choose another --control path", path)};
  }
  const int probe = stream_socket();
  if (probe < 0) return Error{fmt::format("no socket: {}", std::strerror(errno))};
  const int result = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int code = errno;
  close(probe);
  if (result == 0 || code == EAGAIN) {
    return Error{fmt::format("another process listens on {}; stop it or choose another --control "
                             "path",
                             path)};
  }
  if (code != ECONNREFUSED) {
    return Error{fmt::format("cannot probe {}: {}", path, std::strerror(code))};
  }
  if (unlink(path.c_str()) != 0) {
    return Error{fmt::format("cannot remove the left over {}: {}", path, std::strerror(errno))};
  }
  return ok();
}

}  // namespace

Result<ControlServer> ControlServer::open(const std::string& path, Answer answer,
                                           gid_t group) {
  Result<sockaddr_un> address = control_address(path);
  if (!address) return address.error();
  if (Status s = remove_stale(path, *address); !s) return s.error();
  const int listener = stream_socket();
  if (listener < 0) return Error{fmt::format("no socket: {}", std::strerror(errno))};
  ControlServer server(path, listener, std::move(answer));
  // The mode holds from the first moment on: nobody else connects in between.
  const mode_t before = umask(0117);
  const int bound =
      bind(listener, reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  const int code = errno;
  umask(before);
  if (bound != 0 || listen(listener, limits::control_connections_max) != 0) {
    return Error{fmt::format("cannot listen on {}: {}; its directory must exist and be writable",
                             path, std::strerror(bound != 0 ? code : errno))};
  }
  if (group != static_cast<gid_t>(-1) && chown(path.c_str(), static_cast<uid_t>(-1), group) != 0) {
    return Error{fmt::format("cannot give {} to the group of `control`: {}; run as a member of it",
                             path, std::strerror(errno))};
  }
  struct stat made {};
  if (lstat(path.c_str(), &made) == 0) server.inode_ = made.st_ino;
  return server;
}

ControlServer::ControlServer(ControlServer&& other) noexcept
    : path_(std::move(other.path_)),
      socket_(std::exchange(other.socket_, -1)),
      inode_(other.inode_),
      answer_(std::move(other.answer_)),
      connections_(std::move(other.connections_)) {
  other.connections_.clear();
}

ControlServer::~ControlServer() {
  for (const Connection& connection : connections_) close(connection.socket);
  if (socket_ < 0) return;
  close(socket_);
  struct stat found {};
  if (inode_ != 0 && lstat(path_.c_str(), &found) == 0 && found.st_ino == inode_) {
    unlink(path_.c_str());
  }
}

void ControlServer::add_descriptors(std::vector<pollfd>& polled) const {
  polled.push_back({socket_, POLLIN, 0});
  for (const Connection& connection : connections_) {
    const short events = connection.output.empty() ? POLLIN : POLLOUT;
    polled.push_back({connection.socket, events, 0});
  }
}

void ControlServer::serve(int64_t steady_ns) {
  accept_all(steady_ns);
  for (Connection& connection : connections_) {
    // What is asked is read only when what was asked before has been answered.
    if (connection.output.empty()) read_from(connection, steady_ns);
    if (!connection.output.empty()) write_to(connection);
    if (steady_ns > connection.deadline_ns) {
      connection.output.clear();
      connection.closing = true;
    }
  }
  std::erase_if(connections_, [](const Connection& connection) {
    const bool ended = connection.closing && connection.output.empty();
    if (ended) close(connection.socket);
    return ended;
  });
}

void ControlServer::accept_all(int64_t steady_ns) {
  while (true) {
    const int peer = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer < 0) return;
    if (connections_.size() >= limits::control_connections_max) {
      // Best effort: who does not read it sees the connection closed.
      (void)send(peer, too_many.data(), too_many.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      close(peer);
      continue;
    }
    Result<Peer> who = peer_of(peer);
    if (!who) {
      close(peer);
      continue;
    }
    connections_.push_back({.socket = peer,
                            .deadline_ns = steady_ns + limits::control_read_deadline_ns,
                            .peer = std::move(*who)});
  }
}

void ControlServer::read_from(Connection& connection, int64_t steady_ns) {
  char block[16384];
  while (!connection.closing && connection.output.empty()) {
    const ssize_t count = recv(connection.socket, block, sizeof block, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count <= 0) {
      connection.closing = true;
      return;
    }
    connection.input.append(block, static_cast<size_t>(count));
    answer_lines(connection, steady_ns);
  }
}

void ControlServer::answer_lines(Connection& connection, int64_t steady_ns) {
  size_t begin = 0;
  size_t end = 0;
  while ((end = connection.input.find('\n', begin)) != std::string::npos) {
    if (end - begin > limits::control_frame_bytes_max) break;
    const std::string_view line(connection.input.data() + begin, end - begin);
    if (!line.empty()) connection.output += answer_(line, connection.peer) + "\n";
    begin = end + 1;
    connection.deadline_ns = steady_ns + limits::control_read_deadline_ns;
  }
  connection.input.erase(0, begin);
  if (connection.input.size() > limits::control_frame_bytes_max) {
    connection.input.clear();
    connection.output += too_long;
    connection.closing = true;
  }
}

void ControlServer::write_to(Connection& connection) {
  while (!connection.output.empty()) {
    const ssize_t count = send(connection.socket, connection.output.data(),
                               connection.output.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count <= 0) {
      connection.output.clear();
      connection.closing = true;
      return;
    }
    connection.output.erase(0, static_cast<size_t>(count));
  }
}

}  // namespace rel
