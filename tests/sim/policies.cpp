#include "tests/sim/policies.h"

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"

namespace rel::sim {
namespace {

constexpr const char* declarations = R"(
metric latency : duration per request, lower is better
metric failed : flag per request, lower is better
segment region in { "eu", "us" }
)";

constexpr const char* model = R"(
model {0} {{
  baseline = digest("sha256:{1:064}")
  candidate = digest("sha256:{2:064}")
  needs feature "history" version "7" beside "6"
  needs preprocessing "tokenizer" version "2.1" beside "2.0"
}}
)";

constexpr const char* release_head = R"(
release {} of {} {{
  owner "sim"
  rollback when rate(failed) > 10% over 10s with at least 40 samples for 1s
)";

// Steps that wait for each other, people who are told meanwhile, others after a while.
constexpr const char* way_back = R"(
  rollback {
    route baseline 100%
    revert feature "history" to "6" by command ["/opt/apply", "v6"] within 40s retry 5
    notify slack "#ops" within 30s
    revert preprocessing "tokenizer" to "2.0" by webhook "https://deploy.internal/t" within 30s
    escalate after 45s to pagerduty "leads" within 20s
    report "postmortem.md"
    quarantine candidate; cooldown 1h
  }
}
)";

// A proxy beside the gateway, a report that is not the last step, pages that end.
constexpr const char* way_back_with_proxy = R"(
  rollback {
    route haproxy "edge" within 20s
    report "early.md"
    revert preprocessing "tokenizer" to "2.0" by command ["/opt/apply"] within 20s retry 2
    revert feature "history" to "6" by webhook "https://deploy.internal/f" within 60s
    notify pagerduty "scorer", alertmanager "risk" within 40s retry 3
    quarantine candidate; cooldown 1h
  }
}
)";

struct Body {
  PolicyFacts facts;
  const char* way_back;
  const char* text;
};

constexpr std::array bodies = {
    // The ladder, every unknown holds.
    Body{{.step_samples = 500}, way_back, R"(
  unknown { source_error: hold up to 30s then alert; no_data: hold; insufficient: hold }
  stage canary: steps 10% for 60s, 30% for 60s, 60% for 60s { step when samples(candidate) >= 500 }
  stage live: 100% { soak 60s }
)"},
    // A shadow first, a gate that compares the arms, a holdback to the end.
    Body{{}, way_back_with_proxy, R"(
  unknown { source_error: hold; no_data: hold; insufficient: hold up to 20s then alert }
  rollback when p99(latency) > 400ms over 10s with at least 100 samples for 2s
  hold when mean(candidate.latency) > 150ms over 10s
  stage shadow: mirror 100% { soak 40s }
  stage canary: steps 20% for 50s, 50% for 50s {
    promote when rate(failed) <= rate(baseline.failed) + 3pp over stage
    at most 20m; otherwise withdraw "never good enough"
  }
  stage live: 100% holdback 5% { soak 40s }
)"},
    // By segment, and an unknown source sends the release back in the end.
    Body{{.source_error_ns = 60 * second_ns}, way_back, R"(
  unknown { source_error: hold up to 60s then rollback; no_data: alert; insufficient: alert }
  rollback when rate(failed) > 15% over 20s in any region with at least 60 samples for 2s
  alert when p90(latency) > 200ms over 5s
  stage half: split 50% { at least 90s }
  stage live: 100% { soak 120s }
)"},
    // People stand before every increase, and look at the first stage before it is left.
    Body{{.approvals = 2, .approved_within_ns = 240 * second_ns, .reviews = 1}, way_back, R"(
  unknown { source_error: hold up to 30s then alert; no_data: hold; insufficient: alert }
  require { approved: 2 of team "leads" within 240s }
  stage canary: steps 10% for 40s, 40% for 40s { soak 20s; reviewed by 1 of team "leads" }
  stage live: 100% { soak 60s }
)"},
};

// Two models that go on and come back together.
constexpr const char* set_body = R"(
  unknown { source_error: hold up to 30s then alert; no_data: hold; insufficient: hold }
  stage canary: steps 10% for 50s, 40% for 60s
  stage live: 100% { soak 60s }
)";

std::vector<Plan> compile_policy(const std::string& text) {
  Sources sources;
  const FileId file = sources.add("simulated.release", text);
  Diagnostics diagnostics;
  Compiled compiled = compile(sources, file, {}, diagnostics);
  if (compiled.plans.empty() || diagnostics.has_errors()) {
    throw std::runtime_error("the simulated policy does not compile:\n" +
                             render_text(sources, diagnostics.all(), Colour::never));
  }
  return std::move(compiled.plans);
}

std::string release(const char* name, const char* of, const char* body, const char* back) {
  return fmt::format(release_head, name, of) + body + back;
}

Policy make_policy(const Body& body) {
  const std::string head = fmt::format(model, "scorer", 1, 2) + declarations;
  return {.facts = body.facts,
          .plans = compile_policy(head + release("simulated", "scorer", body.text, body.way_back)),
          .next = std::move(compile_policy(
              head + release("another", "scorer", bodies[0].text, way_back))[0])};
}

Policy make_set() {
  const std::string head = fmt::format(model, "scorer", 1, 2) + declarations;
  const std::string text = head + fmt::format(model, "pricing", 3, 4) +
                           "set both of simulated, companion\n" +
                           release("simulated", "scorer", set_body, way_back) +
                           release("companion", "pricing", set_body, way_back_with_proxy);
  return {.facts = {},
          .plans = compile_policy(text),
          .next = std::move(compile_policy(
              head + release("another", "scorer", bodies[0].text, way_back))[0])};
}

}  // namespace

size_t policy_count() { return bodies.size() + 1; }

const Policy& policy(size_t index) {
  static const std::vector<Policy> all = [] {
    std::vector<Policy> made;
    for (const Body& body : bodies) made.push_back(make_policy(body));
    made.push_back(make_set());
    return made;
  }();
  return all.at(index);
}

}  // namespace rel::sim
