// What can be asked over the control socket.
// Input: one request line, {"verb": ...}. Output: one answer line: {"ok":true, ...}, or
// {"ok":false,"error": what is wrong and the remedy}. Verbs of this version: ping, status, history
// ("since": sequence). Everything else is refused by name.
#pragma once

#include <string>
#include <string_view>

namespace rel {

class Host;

std::string answer_control(Host& host, std::string_view request);

}  // namespace rel
