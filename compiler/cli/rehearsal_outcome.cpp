#include "compiler/cli/rehearsal_outcome.h"

#include <poll.h>

#include <chrono>
#include <sstream>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace rel::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int poll_milliseconds = 50;

Result<Json> rehearsal_of(ControlClient& client, const std::string& release) {
  const Json request = {{"verb", "status"}, {"release", release}};
  Result<std::string> line = client.ask(request.dump());
  if (!line) return line.error();
  const Json answer = Json::parse(*line, nullptr, false);
  if (!answer.is_object() || !answer.value("ok", false)) return Error{"the host does not say"};
  return Json(answer.at("status").at("rehearsal"));
}

std::string time_of(const Json& rehearsal) {
  return rehearsal.at("time").is_null() ? "" : rehearsal.at("time").get<std::string>();
}

// `ok \`revert ...\`: it can be run` a line, the first word in a column of its own.
void print_probes(const Json& rehearsal) {
  std::istringstream lines(rehearsal.at("detail").get<std::string>());
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.find(' ');
    fmt::print("{:<7} {}\n", line.substr(0, space), line.substr(space + 1));
  }
  fmt::print("the way back {}, {}\n",
             rehearsal.at("passed").get<bool>() ? "passed" : "did not pass", time_of(rehearsal));
}

}  // namespace

Result<std::string> last_rehearsal_time(ControlClient& client, const std::string& release) {
  Result<Json> rehearsal = rehearsal_of(client, release);
  if (!rehearsal) return rehearsal.error();
  return time_of(*rehearsal);
}

Result<bool> await_rehearsal(ControlClient& client, const std::string& release,
                             const std::string& before, double wait_s) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::duration<double>(wait_s);
  while (true) {
    Result<Json> rehearsal = rehearsal_of(client, release);
    if (!rehearsal) return rehearsal.error();
    const std::string time = time_of(*rehearsal);
    if (!time.empty() && time != before && !rehearsal->at("running").get<bool>()) {
      print_probes(*rehearsal);
      return rehearsal->at("passed").get<bool>();
    }
    if (Clock::now() >= deadline) return Error{"the rehearsal has not ended yet"};
    poll(nullptr, 0, poll_milliseconds);
  }
}

}  // namespace rel::cli
