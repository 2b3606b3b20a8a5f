// The little of HTTP/1.1 that the example server and the load generator speak: a head with a
// Content-Length body, keep-alive. Input: bytes received so far. Output: views into those bytes.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace example {

struct HttpHead {
  std::string_view start_line;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  size_t head_bytes = 0;  // with the empty line
  size_t body_bytes = 0;  // as Content-Length says

  // The value of a header, or an empty view; names are compared without case.
  std::string_view header(std::string_view name) const;
};

enum class HeadState { incomplete, complete, malformed };

// Reads one head from the front of `bytes`. A chunked body is malformed here: nobody sends one.
HeadState read_head(std::string_view bytes, HttpHead& head);

// The value of `name` in `a=1&b=2`, or an empty view.
std::string_view query_value(std::string_view query, std::string_view name);

}  // namespace example
