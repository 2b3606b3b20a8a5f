// The verbs of the control socket that change something: what is asked is checked, written down
// with who and why, and handed on. A refusal is written down as well.
// Input: a request of a peer. Output: an answer line. Owner: the host.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "runtime/host/authority.h"
#include "runtime/host/host_time.h"

namespace rel {

class Host;

// Whether `verb` changes something.
bool is_hand_verb(std::string_view verb);

// {"ok":true,"order":{"sequence","verb","outcome","detail"}}. Outcome `accepted`: ask again with
// {"verb":"order","sequence":N}.
std::string answer_hand(Host& host, const nlohmann::ordered_json& request, const Peer& peer,
                        HostTime now);
std::string answer_order(Host& host, const nlohmann::ordered_json& request);
// {"verb":"audit","since":N}: every order of the journal, the refused ones too.
std::string answer_audit(Host& host, const nlohmann::ordered_json& request);

}  // namespace rel
