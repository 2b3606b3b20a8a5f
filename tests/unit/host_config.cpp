// relc.yaml: what it allows, and that nothing in it is guessed or ignored.
#include "compiler/cli/host_config.h"

#include <catch2/catch.hpp>
#include <cstdlib>

using rel::cli::parse_host_config;

namespace {

std::string error_of(const std::string& text) {
  const auto config = parse_host_config(text, "relc.yaml");
  return config ? "" : config.error().message;
}

}  // namespace

TEST_CASE("without a list of commands nothing may be run") {
  for (const char* text : {"", "# nothing\n", "{}\n", "commands: []\n", "command_timeout: 5\n"}) {
    CAPTURE(text);
    const auto config = parse_host_config(text, "relc.yaml");
    REQUIRE(config);
    CHECK(config->actuators.commands.allowed.empty());
  }
}

TEST_CASE("commands and their time limit are read") {
  const auto config = parse_host_config(
      "commands:\n  - /usr/bin/logger\n  - /opt/page\ncommand_timeout: 2.5\n", "relc.yaml");
  REQUIRE(config);
  CHECK(config->actuators.commands.allowed ==
        std::vector<std::string>{"/usr/bin/logger", "/opt/page"});
  CHECK(config->actuators.commands.timeout_ns == 2'500'000'000);
}

TEST_CASE("what cannot be meant is refused with its place") {
  CHECK_THAT(error_of("commands: []\nhooks: []\n"),
             Catch::StartsWith("relc.yaml:2:1: unknown key `hooks`"));
  CHECK_THAT(error_of("slack: {\"#ops\": \"https://hooks.slack.com/x\"}\n"),
             Catch::Contains("by reference") && !Catch::Contains("hooks.slack.com"));
  CHECK_THAT(error_of("webhooks: {hosts: [\"https://a/\"]}\n"), Catch::Contains("HOST:PORT"));
  CHECK_THAT(error_of("webhooks: {key: {env: RELC_TEST_NOT_SET}}\n"), Catch::Contains("not set"));
  CHECK_THAT(error_of("haproxy: {edge: {socket: /s, map: /m}}\n"), Catch::Contains("`key`"));
  CHECK_THAT(error_of("alertmanager: localhost:9093\n"), Catch::Contains("https://"));
  CHECK_THAT(error_of("commands: /bin/true\n"), Catch::StartsWith("relc.yaml:1:11: `commands`"));
  CHECK_THAT(error_of("commands: [logger]\n"), Catch::Contains("absolute path"));
  CHECK_THAT(error_of("commands: [[/bin/true]]\n"), Catch::Contains("absolute path"));
  CHECK_THAT(error_of("command_timeout: soon\n"), Catch::Contains("number of seconds"));
  CHECK_THAT(error_of("command_timeout: -1\n"), Catch::Contains("number of seconds"));
  CHECK_THAT(error_of("command_timeout: .inf\n"), Catch::Contains("number of seconds"));
  CHECK_THAT(error_of("- /bin/true\n"), Catch::Contains("key: value"));
  CHECK_THAT(error_of("commands: [\n"), Catch::StartsWith("relc.yaml:"));
}

TEST_CASE("teams and who may do what are read, and nobody is made up") {
  const auto config = parse_host_config(
      "teams:\n  leads: { users: [root], groups: [root] }\n"
      "control:\n  group: root\n  allow: { promote: [leads], override: [leads] }\n",
      "relc.yaml");
  REQUIRE(config);
  const rel::ControlRules& rules = config->control;
  REQUIRE(rules.teams.size() == 1);
  CHECK(rules.teams[0].users == std::vector<uid_t>{0});
  CHECK(rules.teams[0].groups == std::vector<gid_t>{0});
  CHECK(rules.group == 0);
  CHECK(rules.allow.at("promote") == std::vector<std::string>{"leads"});

  CHECK_THAT(error_of("teams: { a: { users: [nobody_at_all] } }\n"), Catch::Contains("no user"));
  CHECK_THAT(error_of("teams: { a: {} }\n"), Catch::Contains("nobody in it"));
  CHECK_THAT(error_of("teams: { a: { people: [root] } }\n"), Catch::Contains("`users`"));
  CHECK_THAT(error_of("control: { group: no_group_at_all }\n"), Catch::Contains("no such group"));
  CHECK_THAT(error_of("control: { allow: { status: [a] } }\n"), Catch::Contains("not a verb"));
  CHECK_THAT(error_of("control: { allow: { pause: [a] } }\n"), Catch::Contains("team `a`"));
}

TEST_CASE("channels, services and secrets by reference are read") {
  setenv("RELC_TEST_ROUTING_KEY", "r0uting", 1);
  const auto config = parse_host_config(
      "webhooks: {hosts: [\"deploy:8443\"], key: {file: /etc/relc/key}, timeout: 3}\n"
      "slack: {\"#ops\": {file: /etc/relc/slack}}\n"
      "pagerduty: {services: {fraud: {env: RELC_TEST_ROUTING_KEY}}}\n"
      "alertmanager: http://127.0.0.1:9093/\n"
      "haproxy: {edge: {socket: /run/haproxy.sock, map: /etc/release.map, key: checkout}}\n"
      "mlflow: {url: \"http://registry:5000\", token: {file: /etc/relc/mlflow}}\n",
      "relc.yaml");
  unsetenv("RELC_TEST_ROUTING_KEY");
  REQUIRE(config);
  const rel::ActuatorRules& rules = config->actuators;
  CHECK(rules.webhooks.hosts == std::vector<std::string>{"deploy:8443"});
  CHECK(rules.webhooks.key.file == "/etc/relc/key");
  CHECK(rules.webhooks.timeout_ns == 3'000'000'000);
  CHECK(rules.slack.at("#ops").file == "/etc/relc/slack");
  CHECK(rules.pagerduty.services.at("fraud").value == "r0uting");
  CHECK(rules.alertmanager == "http://127.0.0.1:9093");
  CHECK(rules.haproxy.at("edge").key == "checkout");
  CHECK(rules.mlflow.token.file == "/etc/relc/mlflow");
}
