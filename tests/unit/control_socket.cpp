// The control socket: framing, limits, and who may have its name.
#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "runtime/base/limits.h"
#include "runtime/host/control_client.h"
#include "runtime/host/control_server.h"
#include "runtime/host/control_socket.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

ControlServer open_server(const std::string& path) {
  auto server = ControlServer::open(path, [](std::string_view request, const Peer&) {
    return "got " + std::string(request);
  });
  if (!server) FAIL(server.error().message);
  return std::move(*server);
}

// A peer that the server is driven against by hand, so that no thread or wait is needed.
struct Client {
  int socket = -1;

  explicit Client(const std::string& path) {
    const auto address = control_address(path);
    socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    REQUIRE(connect(socket, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0);
  }
  ~Client() { close(socket); }
  void write(const std::string& bytes) const {
    REQUIRE(send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }
  // What has arrived; "closed" at its end.
  std::string read() const {
    char block[4096];
    const ssize_t count = recv(socket, block, sizeof block, 0);
    if (count == 0) return "closed";
    return count < 0 ? "" : std::string(block, static_cast<size_t>(count));
  }
};

}  // namespace

TEST_CASE("one line in, one line out, however the bytes arrive") {
  const TempFolder folder;
  const std::string path = folder.file("c.sock");
  ControlServer server = open_server(path);
  const Client peer(path);
  peer.write("he");
  server.serve(0);
  CHECK(peer.read().empty());
  peer.write("llo\nagain\n");
  server.serve(0);
  CHECK(peer.read() == "got hello\ngot again\n");
}

TEST_CASE("a frame that is too long and a peer that sends nothing are closed") {
  const TempFolder folder;
  const std::string path = folder.file("c.sock");
  ControlServer server = open_server(path);
  const Client slow(path);
  server.serve(0);
  CHECK(server.connections() == 1);
  server.serve(limits::control_read_deadline_ns);
  CHECK(server.connections() == 1);
  server.serve(limits::control_read_deadline_ns + 1);
  CHECK(server.connections() == 0);
  CHECK(slow.read() == "closed");

  const Client endless(path);
  const std::string block(65536, 'x');
  for (size_t sent = 0; sent <= limits::control_frame_bytes_max; sent += block.size()) {
    endless.write(block);
    server.serve(0);
  }
  CHECK_THAT(endless.read(), Catch::Contains("longer than 1 MiB"));
  CHECK(server.connections() == 0);
}

TEST_CASE("connections beyond the limit are told so") {
  const TempFolder folder;
  const std::string path = folder.file("c.sock");
  ControlServer server = open_server(path);
  std::vector<std::unique_ptr<Client>> peers;
  for (size_t i = 0; i < limits::control_connections_max; i++) {
    peers.push_back(std::make_unique<Client>(path));
    server.serve(0);
  }
  const Client one_more(path);
  server.serve(0);
  CHECK_THAT(one_more.read(), Catch::Contains("too many connections"));
  CHECK(server.connections() == limits::control_connections_max);
  peers.clear();
  server.serve(0);
  CHECK(server.connections() == 0);
}

TEST_CASE("a socket file that is left over is replaced, a live one and another file are not") {
  const TempFolder folder;
  const std::string path = folder.file("c.sock");
  {
    // Bound and gone without taking its name away, as after kill -9.
    const auto address = control_address(path);
    const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(bind(dead, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0);
    close(dead);
  }
  {
    const ControlServer server = open_server(path);
    struct stat found {};
    REQUIRE(stat(path.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0660);
    const auto second = ControlServer::open(path, [](std::string_view, const Peer&) { return ""; });
    REQUIRE_FALSE(second);
    CHECK_THAT(second.error().message, Catch::Contains("another process listens"));
  }
  CHECK_FALSE(std::filesystem::exists(path));
  std::ofstream(path) << "a file";
  const auto refused = ControlServer::open(path, [](std::string_view, const Peer&) { return ""; });
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("not a socket"));
}

TEST_CASE("addresses that cannot be are refused with the right form") {
  CHECK(control_path("unix:/run/x").value() == "/run/x");
  for (const char* wrong : {"/run/x", "unix:", "tcp:1"}) {
    const auto path = control_path(wrong);
    REQUIRE_FALSE(path);
    CHECK_THAT(path.error().message, Catch::Contains("unix:PATH"));
  }
  CHECK_FALSE(control_address(std::string(200, 'x')));
}

TEST_CASE("the client asks and says what is missing") {
  const TempFolder folder;
  const std::string path = folder.file("c.sock");
  const auto nobody = ControlClient::connect(path);
  REQUIRE_FALSE(nobody);
  CHECK_THAT(nobody.error().message, Catch::Contains("relc run"));

  ControlServer server = open_server(path);
  auto client = ControlClient::connect(path);
  REQUIRE(client);
  std::string answer;
  std::atomic<bool> answered{false};
  std::thread asking([&] {
    const auto line = client->ask("hello");
    answer = line ? *line : line.error().message;
    answered = true;
  });
  while (!answered) {
    std::vector<pollfd> polled;
    server.add_descriptors(polled);
    constexpr int milliseconds = 10;
    poll(polled.data(), polled.size(), milliseconds);
    server.serve(0);
  }
  asking.join();
  CHECK(answer == "got hello");
}
