#include "runtime/actuators/http_action.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/limits.h"

namespace rel {
namespace {

// The beginning of an answer, on one line.
std::string excerpt(std::string text) {
  constexpr size_t excerpt_bytes_max = 300;
  if (text.size() > excerpt_bytes_max) {
    text.resize(excerpt_bytes_max);
    text += " [...]";
  }
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

class ExchangeAction : public RunningAction {
 public:
  ExchangeAction(std::unique_ptr<HttpExchange> exchange, std::string who)
      : exchange_(std::move(exchange)), who_(std::move(who)) {}

  ActionProgress poll(int64_t) override {
    if (progress_ == ActionProgress::running && exchange_->poll()) judge();
    return progress_;
  }
  std::string detail() const override { return detail_; }

 private:
  void judge() {
    const HttpAnswer& answer = exchange_->answer();
    if (answer.status == 0) {
      progress_ = ActionProgress::failed;
      detail_ = fmt::format("{} did not answer: {}", who_, answer.error);
      return;
    }
    detail_ = fmt::format("{} answered {}", who_, answer.status);
    if (answer.status / 100 == 2) {
      progress_ = ActionProgress::done;
      return;
    }
    const bool may_pass = answer.status >= 500 || answer.status == 408 || answer.status == 425 ||
                          answer.status == 429;
    progress_ = may_pass ? ActionProgress::failed : ActionProgress::refused;
    if (!answer.body.empty()) detail_ += ": " + excerpt(answer.body);
  }

  std::unique_ptr<HttpExchange> exchange_;
  std::string who_;
  std::string detail_;
  ActionProgress progress_ = ActionProgress::running;
};

}  // namespace

std::unique_ptr<RunningAction> start_exchange(HttpClient& http, const HttpRequest& request,
                                              std::string who) {
  return std::make_unique<ExchangeAction>(http.start(request), std::move(who));
}

HttpRequest json_post(const ActionRequest& request, const ActuatorRules& rules, std::string url,
                      const Json& body) {
  HttpRequest post;
  post.url = std::move(url);
  post.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", request.key}};
  post.body = dump(body);
  post.timeout_ns = rules.webhooks.timeout_ns;
  return post;
}

std::string host_of_url(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return {};
  const size_t first = scheme + 3;
  const size_t end = std::min(url.find_first_of("/?#", first), url.size());
  return url.substr(first, end - first);
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string headline(const ActionFacts& facts) {
  std::string what = facts.event;
  std::replace(what.begin(), what.end(), '_', ' ');
  const bool passive = facts.event == "rolled_back" || facts.event == "withdrawn";
  return fmt::format("{} of {}{} {}", facts.release, facts.model, passive ? " was" : ":", what);
}

}  // namespace rel
