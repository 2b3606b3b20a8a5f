// Addresses of control sockets, shared by both ends.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "runtime/base/result.h"

namespace rel {

// The path of `unix:PATH`; any other form is an error that shows the right one.
Result<std::string> control_path(const std::string& address);

Result<sockaddr_un> control_address(const std::string& path);

}  // namespace rel
