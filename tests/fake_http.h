// HTTP without a network: requests are kept, and a function of the test answers them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/http/http.h"

namespace rel::test {

class FakeHttp : public HttpClient {
 public:
  using Answer = std::function<HttpAnswer(const HttpRequest&)>;
  explicit FakeHttp(Answer answer) : answer_(std::move(answer)) {}

  std::unique_ptr<HttpExchange> start(const HttpRequest& request) override {
    requests.push_back(request);
    return std::make_unique<Exchange>(answer_(request));
  }

  std::vector<HttpRequest> requests;

 private:
  class Exchange : public HttpExchange {
   public:
    explicit Exchange(HttpAnswer answer) : answer_(std::move(answer)) {}
    bool poll() override { return true; }
    const HttpAnswer& answer() const override { return answer_; }

   private:
    HttpAnswer answer_;
  };

  Answer answer_;
};

inline std::string header_of(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace rel::test
