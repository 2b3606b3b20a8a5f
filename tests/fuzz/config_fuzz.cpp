// relc.yaml: any bytes are a configuration or an error that names the file; no exception comes out,
// and whoever a verb is given to exists.
#include <algorithm>
#include <string>

#include "compiler/cli/host_config.h"
#include "runtime/base/check.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rel;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Result<cli::HostConfig> config = cli::parse_host_config(text, "relc.yaml");
  if (!config) {
    REL_CHECK(config.error().message.find("relc.yaml") != std::string::npos);
    return 0;
  }
  const auto& teams = config->control.teams;
  for (const auto& [verb, allowed] : config->control.allow) {
    for (const std::string& name : allowed) {
      REL_CHECK(std::any_of(teams.begin(), teams.end(),
                            [&](const Team& team) { return team.name == name; }));
    }
  }
  for (const std::string& program : config->actuators.commands.allowed) {
    REL_CHECK(!program.empty() && program[0] == '/');
  }
  REL_CHECK(config->actuators.commands.timeout_ns > 0);
  return 0;
}
