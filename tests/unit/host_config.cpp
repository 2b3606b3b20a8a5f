// relc.yaml: what it allows, and that nothing in it is guessed or ignored.
#include "compiler/cli/host_config.h"

#include <catch2/catch.hpp>

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
    CHECK(config->commands.allowed.empty());
  }
}

TEST_CASE("commands and their time limit are read") {
  const auto config = parse_host_config(
      "commands:\n  - /usr/bin/logger\n  - /opt/page\ncommand_timeout: 2.5\n", "relc.yaml");
  REQUIRE(config);
  CHECK(config->commands.allowed == std::vector<std::string>{"/usr/bin/logger", "/opt/page"});
  CHECK(config->commands.timeout_ns == 2'500'000'000);
}

TEST_CASE("what cannot be meant is refused with its place") {
  CHECK_THAT(error_of("commands: []\nwebhooks: []\n"),
             Catch::StartsWith("relc.yaml:2:1: unknown key `webhooks`"));
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
