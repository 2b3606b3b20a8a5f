#include "runtime/host/control_client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/limits.h"
#include "runtime/host/control_socket.h"

namespace rel {
namespace {

constexpr timeval answer_deadline = {.tv_sec = 5, .tv_usec = 0};

}  // namespace

Result<ControlClient> ControlClient::connect(const std::string& path) {
  Result<sockaddr_un> address = control_address(path);
  if (!address) return address.error();
  const int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (handle < 0) return Error{fmt::format("no socket: {}", std::strerror(errno))};
  ControlClient client(path, handle);
  setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &answer_deadline, sizeof answer_deadline);
  setsockopt(handle, SOL_SOCKET, SO_SNDTIMEO, &answer_deadline, sizeof answer_deadline);
  if (::connect(handle, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    const bool nobody = errno == ECONNREFUSED || errno == ENOENT;
    return Error{fmt::format("cannot connect to {}: {}{}", path, std::strerror(errno),
                             nobody ? "; is `relc run ... --control unix:" + path + "` running?"
                                    : "")};
  }
  return client;
}

ControlClient::ControlClient(ControlClient&& other) noexcept
    : path_(std::move(other.path_)),
      socket_(std::exchange(other.socket_, -1)),
      input_(std::move(other.input_)) {}

ControlClient::~ControlClient() {
  if (socket_ >= 0) close(socket_);
}

Result<std::string> ControlClient::ask(std::string_view request) {
  std::string line(request);
  line += '\n';
  for (size_t sent = 0; sent < line.size();) {
    const ssize_t count = send(socket_, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Error{fmt::format("{} went away: {}", path_, std::strerror(errno))};
    sent += static_cast<size_t>(count);
  }
  char block[16384];
  size_t end = 0;
  while ((end = input_.find('\n')) == std::string::npos) {
    const ssize_t count = recv(socket_, block, sizeof block, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) return Error{fmt::format("{} closed the connection", path_)};
    if (count < 0) return Error{fmt::format("no answer from {}: {}", path_, std::strerror(errno))};
    input_.append(block, static_cast<size_t>(count));
    if (input_.size() > 64 * limits::control_frame_bytes_max) {
      return Error{fmt::format("the answer from {} has no end", path_)};
    }
  }
  std::string answer = input_.substr(0, end);
  input_.erase(0, end + 1);
  return answer;
}

}  // namespace rel
