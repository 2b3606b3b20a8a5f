// Control socket: bytes of anybody, over a real socket, to a host. Each line is answered by a line
// of JSON that says whether it is granted; who may not is never granted what changes something.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "runtime/base/check.h"
#include "runtime/host/control_server.h"
#include "runtime/host/control_socket.h"
#include "runtime/host/control_verbs.h"
#include "runtime/host/host.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/host_fixture.h"
#include "tests/memory_disk.h"

namespace {

using namespace rel;

constexpr const char* verbs[] = {"pause",   "resume",       "promote",  "override",
                                 "rollback", "withdraw",    "abort",    "unquarantine",
                                 "approve",  "review",      "rehearse", "acknowledge"};

ControlRules rules() {
  ControlRules made;
  made.teams = {{.name = "leads", .users = {7}, .groups = {}}};
  for (const char* verb : verbs) made.allow[verb] = {"leads"};
  return made;
}

// A release that runs, in memory.
struct Desk {
  Plan plan = test::small_plan();
  test::MemoryDisk disk;
  test::Gateway gateway{plan};
  std::unique_ptr<Runtime> view = gateway.open();
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Host> host;

  Desk() {
    journal = std::move(
        Journal::open({.path = "journal.db", .vfs = test::MemoryDisk::vfs}).value());
    HostSettings settings;
    settings.control = rules();
    host = std::move(Host::open(*view, *journal, settings, gateway.now()).value());
    for (int i = 0; i < 3; ++i) {
      gateway.tick();
      host->step(gateway.now());
    }
  }
};

void send(int socket, std::string_view bytes, ControlServer& server) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
    server.serve(0);
    if (sent <= 0 && server.connections() == 0) return;
  }
}

std::string receive(int socket, ControlServer& server) {
  std::string all;
  char block[4096];
  for (int quiet = 0; quiet < 2;) {
    server.serve(0);
    const ssize_t count = recv(socket, block, sizeof block, MSG_DONTWAIT);
    if (count > 0) all.append(block, static_cast<size_t>(count));
    quiet = count > 0 ? 0 : quiet + 1;
  }
  return all;
}

}  // namespace

// The first byte chooses whether who asks is one of those who may.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const test::TempFolder folder;
  if (size == 0) return 0;
  Desk desk;
  const Peer peer{.name = "somebody", .user = data[0] % 2 == 0 ? 7u : 8u, .groups = {}};
  const bool may = peer.user == 7;
  const uint32_t share = desk.view->published_route().share_millionths;
  auto opened = ControlServer::open(
      folder.file("control"), [&](std::string_view request, const Peer&) {
        const std::string answer = answer_control(*desk.host, request, peer, desk.gateway.now());
        REL_CHECK(answer.find('\n') == std::string::npos);
        return answer;
      });
  REL_CHECK(opened);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const Result<sockaddr_un> address = control_address(folder.file("control"));
  REL_CHECK(address);
  REL_CHECK(connect(socket, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0);
  opened->serve(0);
  send(socket, {reinterpret_cast<const char*>(data) + 1, size - 1}, *opened);
  std::string answers = receive(socket, *opened);
  close(socket);
  REL_CHECK(answers.empty() || answers.back() == '\n');
  for (std::string_view rest = answers; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    const auto answer = nlohmann::json::parse(line);
    REL_CHECK(answer.at("ok").is_boolean());
    REL_CHECK(may || !answer.contains("order") || answer["order"]["actor"] != "somebody" ||
              answer["order"]["outcome"] == "refused");
  }
  for (int i = 0; i < 2; ++i) {
    desk.gateway.tick();
    desk.host->step(desk.gateway.now());
  }
  REL_CHECK(may || desk.view->published_route().share_millionths == share);
  return 0;
}
