// librel_http.so: HTTP by libcurl's multi interface, whose resolver has threads of its own, so that
// neither names, connections nor TLS make the host wait.
#include <curl/curl.h>

#include <algorithm>
#include <string_view>

#include "runtime/base/limits.h"
#include "runtime/http/http.h"

namespace rel {
namespace {

class CurlExchange : public HttpExchange {
 public:
  explicit CurlExchange(const HttpRequest& request) : request_(request) {
    multi_ = curl_multi_init();
    easy_ = curl_easy_init();
    if (multi_ == nullptr || easy_ == nullptr) {
      end_without_answer("no memory for it");
      return;
    }
    for (const auto& [name, value] : request_.headers) {
      headers_ = curl_slist_append(headers_, (name + ": " + value).c_str());
    }
    // A body is sent at once, not announced and waited for.
    headers_ = curl_slist_append(headers_, "Expect:");
    set_options();
    curl_multi_add_handle(multi_, easy_);
  }
  ~CurlExchange() override {
    if (multi_ != nullptr && easy_ != nullptr) curl_multi_remove_handle(multi_, easy_);
    if (easy_ != nullptr) curl_easy_cleanup(easy_);
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
    curl_slist_free_all(headers_);
  }
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  bool poll() override {
    if (ended_) return true;
    int running = 0;
    if (curl_multi_perform(multi_, &running) != CURLM_OK) {
      end_without_answer("the HTTP library failed");
      return true;
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg == CURLMSG_DONE) end(message->data.result);
    }
    return ended_;
  }

  const HttpAnswer& answer() const override { return answer_; }

 private:
  static size_t keep_body(char* bytes, size_t, size_t count, void* exchange) {
    auto& self = *static_cast<CurlExchange*>(exchange);
    std::string& body = self.answer_.body;
    body.append(bytes, std::min(self.request_.body_bytes_max - body.size(), count));
    return count;
  }

  void set_options() {
    curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    if (request_.method != "GET") {
      curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
      curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request_.body.size()));
    }
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(std::max<int64_t>(1, request_.timeout_ns / 1'000'000)));
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy_, CURLOPT_USERAGENT, "relc");
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  }

  // curl's own words name the host at most; a longer text could repeat a secret of the URL.
  void end(CURLcode result) {
    ended_ = true;
    if (result != CURLE_OK) return end_without_answer(curl_easy_strerror(result));
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    answer_.status = static_cast<int>(status);
  }

  void end_without_answer(const char* why) {
    ended_ = true;
    answer_.error = why;
  }

  HttpRequest request_;
  HttpAnswer answer_;
  CURLM* multi_ = nullptr;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  bool ended_ = false;
};

class CurlClient : public HttpClient {
 public:
  CurlClient() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  std::unique_ptr<HttpExchange> start(const HttpRequest& request) override {
    return std::make_unique<CurlExchange>(request);
  }
};

}  // namespace
}  // namespace rel

extern "C" __attribute__((visibility("default"))) rel::HttpClient* rel_http_client() {
  static rel::CurlClient client;
  return &client;
}
