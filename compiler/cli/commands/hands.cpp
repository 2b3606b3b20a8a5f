// relc approve, review, pause, resume, promote, override, rollback, withdraw, abort, unquarantine,
// rehearse, acknowledge:
// what a person orders of a running release, in whose name and why; and relc audit, what was
// ordered.
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <random>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "compiler/cli/command.h"
#include "compiler/cli/rehearsal_outcome.h"
#include "runtime/host/control_client.h"
#include "runtime/host/control_socket.h"

namespace rel::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int poll_milliseconds = 50;

struct HandOptions {
  std::string verb;
  std::string release;
  std::string control;
  std::string why;
  std::string key;
  std::string point;
  std::string stage;
  std::string trigger;
  std::string until_word;
  std::string until;
  std::string format = "text";
  int64_t epoch = -1;
  double wait_s = 10;
};

int fail(const HandOptions& options, const std::string& message) {
  fmt::print(stderr, "relc {}: {}\n", options.verb, message);
  return exit_failed;
}

// Asking again with the same key is not ordering again; without one every call is an order.
std::string fresh_key() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

Result<Json> ask(ControlClient& client, const Json& request) {
  Result<std::string> line = client.ask(request.dump());
  if (!line) return line.error();
  Json answer = Json::parse(*line, nullptr, false);
  if (!answer.is_object()) return Error{"the answer is not of relc"};
  return answer;
}

// The epoch that the person acts on is the one of this moment, unless it was given.
Result<uint64_t> epoch_now(ControlClient& client, const HandOptions& options) {
  if (options.epoch >= 0) return static_cast<uint64_t>(options.epoch);
  Result<Json> answer = ask(client, {{"verb", "status"}, {"release", options.release}});
  if (!answer) return answer.error();
  if (!answer->value("ok", false)) return Error{answer->value("error", "refused")};
  return answer->at("status").at("epoch").get<uint64_t>();
}

Json order_request(const HandOptions& options, uint64_t epoch) {
  Json request = {{"verb", options.verb},
                  {"release", options.release},
                  {"why", options.why},
                  {"key", options.key.empty() ? fresh_key() : options.key},
                  {"epoch", epoch}};
  if (!options.point.empty()) request["point"] = options.point;
  if (!options.stage.empty()) request["stage"] = options.stage;
  if (!options.trigger.empty()) request["trigger"] = options.trigger;
  if (!options.until.empty()) request["until"] = options.until;
  return request;
}

void print_order(const HandOptions& options, const Json& order) {
  if (options.format == "json") {
    fmt::print("{}\n", order.dump());
    return;
  }
  const std::string argument = order.at("argument");
  const std::string detail = order.at("detail");
  fmt::print("{} {}{}{}: {}{}{}\n", order.at("verb").get<std::string>(), options.release,
             argument.empty() ? "" : " ", argument, order.at("outcome").get<std::string>(),
             detail.empty() ? "" : ": ", detail);
}

int give_order(const HandOptions& options) {
  Result<std::string> path = control_path(options.control);
  if (!path) return fail(options, path.error().message);
  if (options.verb == "override" && options.until_word != "until") {
    return fail(options, "write: relc override RELEASE TRIGGER until TIME");
  }
  Result<ControlClient> client = ControlClient::connect(*path);
  if (!client) return fail(options, client.error().message);
  Result<uint64_t> epoch = epoch_now(*client, options);
  if (!epoch) return fail(options, epoch.error().message);
  Result<std::string> rehearsed = options.verb == "rehearse"
                                      ? last_rehearsal_time(*client, options.release)
                                      : Result<std::string>(std::string());
  if (!rehearsed) return fail(options, rehearsed.error().message);
  Result<Json> answer = ask(*client, order_request(options, *epoch));
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::duration<double>(options.wait_s);
  while (true) {
    if (!answer) return fail(options, answer.error().message);
    if (!answer->value("ok", false)) {
      fmt::print(stderr, "relc {}: refused: {}\n", options.verb,
                 answer->value("error", "without a reason"));
      return exit_findings;
    }
    const Json order = answer->at("order");
    const std::string outcome = order.at("outcome");
    if (options.verb == "rehearse" && outcome == "done") {
      Result<bool> passed =
          await_rehearsal(*client, options.release, *rehearsed, options.wait_s);
      if (!passed) return fail(options, passed.error().message);
      return *passed ? exit_clean : exit_findings;
    }
    if (outcome != "accepted" || Clock::now() >= deadline) {
      print_order(options, order);
      return outcome == "done" ? exit_clean : outcome == "refused" ? exit_findings : exit_failed;
    }
    poll(nullptr, 0, poll_milliseconds);
    answer = ask(*client, {{"verb", "order"}, {"sequence", order.at("sequence")}});
  }
}

int print_audit(const HandOptions& options) {
  Result<std::string> path = control_path(options.control);
  if (!path) return fail(options, path.error().message);
  Result<ControlClient> client = ControlClient::connect(*path);
  if (!client) return fail(options, client.error().message);
  uint64_t since = 0;
  while (true) {
    Result<Json> answer =
        ask(*client, {{"verb", "audit"}, {"release", options.release}, {"since", since}});
    if (!answer) return fail(options, answer.error().message);
    if (!answer->value("ok", false)) return fail(options, answer->value("error", "refused"));
    for (const Json& order : answer->at("orders")) {
      since = order.at("sequence").get<uint64_t>();
      if (options.format == "json") {
        fmt::print("{}\n", order.dump());
        continue;
      }
      const auto word = [&](const char* key) { return order.at(key).get<std::string>(); };
      fmt::print("{}  {:<9}  {:<12}  {} {}  {}{}{}\n", word("time"), word("outcome"),
                 word("actor"), word("verb"), word("argument"), word("why"),
                 word("detail").empty() ? "" : ": ", word("detail"));
    }
    if (!answer->at("more").get<bool>()) return exit_clean;
  }
}

template <typename Run>
int safely(const HandOptions& options, Run run) {
  try {
    return run(options);
  } catch (const nlohmann::json::exception& error) {
    return fail(options, fmt::format("the answer cannot be read: {}", error.what()));
  }
}

struct VerbHelp {
  const char* verb;
  const char* help;
};

constexpr VerbHelp verb_helps[] = {
    {"approve", "approve the release, or one POINT of its checklist"},
    {"review", "say that the present stage's evidence has been looked at"},
    {"pause", "stop every increase until somebody resumes; a rollback is never stopped"},
    {"resume", "let increases go on"},
    {"promote", "go to the next step or stage now, or into --to STAGE"},
    {"override", "keep a trigger from acting until a time: override RELEASE TRIGGER until TIME"},
    {"rollback", "the candidate has failed: everything back to the baseline, now"},
    {"withdraw", "take the candidate back without blame"},
    {"abort", "call the release off, also before it has begun"},
    {"rehearse", "try the way back now, without doing it"},
    {"acknowledge", "take notice that the release went back: nothing escalates any more"},
    {"unquarantine", "let a quarantined candidate go out again"},
};

void add_shared(CLI::App& command, HandOptions& options) {
  command.add_option("RELEASE", options.release, "name of the release")->required();
  command.add_option("--control", options.control, "unix:PATH of the running host")->required();
  command.add_option("--format", options.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
}

void add_verb(CLI::App& app, int& exit_code, const VerbHelp& row) {
  CLI::App* command = app.add_subcommand(row.verb, row.help);
  auto options = std::make_shared<HandOptions>();
  options->verb = row.verb;
  add_shared(*command, *options);
  if (options->verb == "approve") {
    command->add_option("POINT", options->point, "a point of the checklist; otherwise all yours");
  }
  if (options->verb == "promote") {
    command->add_option("--to", options->stage, "the stage to enter, one that comes later");
  }
  if (options->verb == "override") {
    command->add_option("TRIGGER", options->trigger, "its name, or its statement")->required();
    command->add_option("UNTIL", options->until_word, "the word `until`")->required();
    command->add_option("TIME", options->until, "2026-03-01T12:00:00Z")->required();
  }
  command->add_option("--why", options->why, "the reason, for the record")->required();
  command->add_option("--key", options->key, "asking again with the same key orders once");
  command->add_option("--epoch", options->epoch, "rollbacks you know of; another number: refused");
  command->add_option("--wait", options->wait_s, "seconds to wait for the gateway to take it")
      ->check(CLI::NonNegativeNumber);
  command->callback([options, &exit_code] { exit_code = safely(*options, give_order); });
}

}  // namespace

void add_command_hands(CLI::App& app, int& exit_code) {
  for (const VerbHelp& row : verb_helps) add_verb(app, exit_code, row);
  CLI::App* command = app.add_subcommand("audit", "show who ordered what, and what was refused");
  auto options = std::make_shared<HandOptions>();
  options->verb = "audit";
  add_shared(*command, *options);
  command->callback([options, &exit_code] { exit_code = safely(*options, print_audit); });
}

}  // namespace rel::cli
