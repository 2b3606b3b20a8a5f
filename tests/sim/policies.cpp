#include "tests/sim/policies.h"

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"

namespace rel::sim {
namespace {

constexpr const char* declarations = R"(
model scorer {
  baseline = digest("sha256:1111111111111111111111111111111111111111111111111111111111111111")
  candidate = digest("sha256:2222222222222222222222222222222222222222222222222222222222222222")
}
metric latency : duration per request, lower is better
metric failed : flag per request, lower is better
segment region in { "eu", "us" }

release simulated of scorer {
  owner "sim"
  rollback when rate(failed) > 10% over 10s with at least 40 samples for 1s
)";

constexpr const char* way_back = R"(
  rollback { route baseline 100%; quarantine candidate; cooldown 1h }
}
)";

constexpr std::array bodies = {
    // The ladder, every unknown holds.
    R"(
  unknown { source_error: hold up to 30s then alert; no_data: hold; insufficient: hold }
  stage canary: steps 10% for 60s, 30% for 60s, 60% for 60s { step when samples(candidate) >= 500 }
  stage live: 100% { soak 60s }
)",
    // A shadow first, a gate that compares the arms, a holdback to the end.
    R"(
  unknown { source_error: hold; no_data: hold; insufficient: hold up to 20s then alert }
  rollback when p99(latency) > 400ms over 10s with at least 100 samples for 2s
  hold when mean(candidate.latency) > 150ms over 10s
  stage shadow: mirror 100% { soak 40s }
  stage canary: steps 20% for 50s, 50% for 50s {
    promote when rate(failed) <= rate(baseline.failed) + 3pp over stage
    at most 20m; otherwise withdraw "never good enough"
  }
  stage live: 100% holdback 5% { soak 40s }
)",
    // By segment, and an unknown source sends the release back in the end.
    R"(
  unknown { source_error: hold up to 60s then rollback; no_data: alert; insufficient: alert }
  rollback when rate(failed) > 15% over 20s in any region with at least 60 samples for 2s
  alert when p90(latency) > 200ms over 5s
  stage half: split 50% { at least 90s }
  stage live: 100% { soak 120s }
)",
};

Plan compile_policy(const std::string& text) {
  Sources sources;
  const FileId file = sources.add("simulated.release", text);
  Diagnostics diagnostics;
  Compiled compiled = compile(sources, file, {}, diagnostics);
  if (compiled.plans.size() != 1) {
    throw std::runtime_error("the simulated policy does not compile");
  }
  return std::move(compiled.plans[0]);
}

}  // namespace

size_t policy_count() { return bodies.size(); }

const Plan& policy(size_t index) {
  static const std::vector<Plan> plans = [] {
    std::vector<Plan> made;
    for (const char* body : bodies) {
      made.push_back(compile_policy(std::string(declarations) + body + way_back));
    }
    return made;
  }();
  return plans.at(index);
}

}  // namespace rel::sim
