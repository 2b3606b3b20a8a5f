#include "runtime/host/control_socket.h"

#include <cstring>

#include <fmt/core.h>

namespace rel {

Result<std::string> control_path(const std::string& address) {
  constexpr std::string_view scheme = "unix:";
  if (address.rfind(scheme, 0) != 0 || address.size() == scheme.size()) {
    return Error{fmt::format("`{}` is not a control socket; write unix:PATH", address)};
  }
  return address.substr(scheme.size());
}

Result<sockaddr_un> control_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{fmt::format("the control socket's path is longer than {} bytes: {}; choose a "
                             "shorter one",
                             sizeof address.sun_path - 1, path)};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

}  // namespace rel
