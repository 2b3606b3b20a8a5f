// The form of every answer of the control socket: one line of JSON.
// Input: an object, or what is wrong. Output: the line without its end. Owner: the caller.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace rel {

// What programs printed may be any bytes; JSON is UTF-8.
inline std::string answer_line(const nlohmann::ordered_json& json) {
  using Json = nlohmann::ordered_json;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

inline std::string refusal_line(std::string_view why) {
  return answer_line({{"ok", false}, {"error", why}});
}

}  // namespace rel
