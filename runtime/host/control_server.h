// The control socket: a unix socket where programs ask, one JSON object a line in, one out.
// Input: a path and a function that answers a line. Output: answers; never a wait: the owner's loop
// polls the descriptors. Owner: `relc run`. The file's mode lets its owner and group connect.
#pragma once

#include <poll.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/host/authority.h"

namespace rel {

class ControlServer {
 public:
  // One request of a peer in, one line out, without its end.
  using Answer = std::function<std::string(std::string_view request, const Peer& peer)>;

  // A socket file that nobody listens on is left over and replaced; a live one, or a file of
  // another kind, is an error.
  // `group` may connect besides the owner; -1: that of the process.
  static Result<ControlServer> open(const std::string& path, Answer answer,
                                    gid_t group = static_cast<gid_t>(-1));
  ControlServer(ControlServer&& other) noexcept;
  ControlServer& operator=(ControlServer&&) = delete;
  ~ControlServer();

  // Adds what has to be waited for. At most control_connections_max connections; more are told so
  // and closed.
  void add_descriptors(std::vector<pollfd>& polled) const;
  // Does what can be done without waiting. Connections that send nothing whole within
  // control_read_deadline_ns, or a frame beyond control_frame_bytes_max, are closed.
  void serve(int64_t steady_ns);

  size_t connections() const { return connections_.size(); }

 private:
  struct Connection {
    int socket = -1;
    int64_t deadline_ns = 0;
    Peer peer;
    std::string input;
    std::string output;
    bool closing = false;  // close once the output is written
  };

  ControlServer(std::string path, int socket, Answer answer)
      : path_(std::move(path)), socket_(socket), answer_(std::move(answer)) {}
  void accept_all(int64_t steady_ns);
  void read_from(Connection& connection, int64_t steady_ns);
  void answer_lines(Connection& connection, int64_t steady_ns);
  void write_to(Connection& connection);

  std::string path_;
  int socket_ = -1;
  uint64_t inode_ = 0;  // of our socket file: another one's is not removed at the end
  Answer answer_;
  std::vector<Connection> connections_;
};

}  // namespace rel
