// How a release stands, as Prometheus reads it (text exposition 0.0.4).
// Input: the host's parts. Output: the whole text. The names are a contract with `relc emit`.
#pragma once

#include <string>

namespace rel {

class Host;

std::string metrics_text(Host& host);

}  // namespace rel
