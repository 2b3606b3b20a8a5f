// What can be asked over the control socket.
// Input: one request line, {"verb": ...}, and who asks. Output: one answer line: {"ok":true, ...},
// or {"ok":false,"error": what is wrong and the remedy}. Verbs that look: ping, status, history
// ("since": sequence), why ("decision": number or kind), audit, order. Verbs that change something:
// control_hands.h. Any other is refused by name. Owner: the host.
#pragma once

#include <string>
#include <string_view>

#include "runtime/host/authority.h"
#include "runtime/host/host_time.h"

namespace rel {

class Host;

std::string answer_control(Host& host, std::string_view request, const Peer& peer, HostTime now);

}  // namespace rel
