// HTTP as the sidecar needs it: requests that are started and polled, never waited for.
// Input: a request. Output: an exchange that ends with an answer or a reason why there is none.
// Owner: whoever started it; destroying an exchange gives it up. The implementation
// (curl_client.cpp) is a library of its own, librel_http.so, that is loaded where a policy or the host's configuration
// needs it: no program has libcurl among its needed libraries.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/limits.h"

namespace rel {

struct HttpRequest {
  std::string method = "POST";
  std::string url;  // http or https; redirections are not followed
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  int64_t timeout_ns = 10'000'000'000;  // of the whole exchange
  size_t body_bytes_max = limits::http_body_bytes_max;  // kept of the answer
};

struct HttpAnswer {
  int status = 0;     // 0: no answer, see `error`
  std::string body;   // at most body_bytes_max of it
  std::string error;  // in words, without the request's URL; empty when there is an answer
};

class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  // Does what can be done without waiting. True: the answer is there.
  virtual bool poll() = 0;
  virtual const HttpAnswer& answer() const = 0;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual std::unique_ptr<HttpExchange> start(const HttpRequest& request) = 0;
};

}  // namespace rel

// What librel_http.so exports: the client, owned by the library, there until the process ends.
extern "C" rel::HttpClient* rel_http_client();
