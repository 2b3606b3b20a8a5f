// How a release stands, as text for people: plain in a pipe, a view with colour and bars on a
// terminal. Input: the status as the host gives it (JSON). Output: lines. Owner: `relc status`.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace rel::cli {

enum class ViewStyle { plain, terminal };

std::string status_text(const nlohmann::ordered_json& status, ViewStyle style);

}  // namespace rel::cli
