// Grows random conditions as text, unit by unit, so that every one of them type checks.
#include "tests/differential/random_policy.h"

#include <fmt/format.h>

#include <vector>

#include "runtime/base/check.h"
#include "tests/differential/random_plan.h"

namespace rel::test {
namespace {

enum class Dimension : uint8_t { time, share, number, requests };

using Words = std::vector<const char*>;

const char* const declarations = R"(model m {
  baseline  = digest("sha256:1111111111111111111111111111111111111111111111111111111111111111")
  candidate = digest("sha256:2222222222222222222222222222222222222222222222222222222222222222")
}
metric latency : duration per request, lower is better
metric failed  : flag per request, lower is better, from status in 500..599
metric score   : ratio per request

segment region   in { "eu", "us", "apac" }
segment age_band in { "18-40", "41+" }

)";

class PolicyMaker {
 public:
  explicit PolicyMaker(uint64_t seed) : random_(seed) {}

  std::string make() {
    std::string text = declarations;
    text += "release r of m {\n  owner \"tests\"\n";
    text += "  unknown { source_error: hold; no_data: hold; insufficient: hold }\n";
    for (const char* action : {"rollback", "rollback", "rollback", "hold", "alert"}) {
      text += fmt::format("  {} when {}{}\n", action, condition(3), pick({"", "", " for 2s"}));
    }
    text += "  stage canary: steps 10% for 20s, 50% for 20s {\n";
    text += fmt::format("    step when {}\n    promote when {}\n", condition(2), condition(2));
    text += "    at most 1h; otherwise withdraw \"never agreed\"\n  }\n}\n";
    return text;
  }

 private:
  const char* pick(const Words& words) { return random_.pick(words); }

  std::string condition(uint32_t depth) {
    const uint32_t choice = depth == 0 ? 0 : random_.below(6);
    if (choice == 1) return fmt::format("not ({})", condition(depth - 1));
    if (choice == 2) return fmt::format("({} for 1s)", condition(depth - 1));
    if (choice < 3) return comparison();
    return fmt::format("({} {} {})", condition(depth - 1), pick({"and", "or"}),
                       condition(depth - 1));
  }

  std::string comparison() {
    const char* op = pick({"<", "<=", ">", ">=", "==", "!="});
    const Dimension dimension = random_.pick(
        std::vector{Dimension::time, Dimension::share, Dimension::number, Dimension::requests});
    const char* window = pick({"", " over 5s", " over 1m", " over 5m", " over stage"});
    const char* cells = pick({"", "", " in any region", " in every region",
                              " in any (region, age_band)"});
    const bool counts = dimension == Dimension::requests;  // known without a minimum
    const char* minimum = counts ? "" : pick({"", " with at least 200 samples"});
    return fmt::format("{} {} {}{}{}{}", side(dimension, 1), op, side(dimension, 2), window, cells,
                       minimum);
  }

  // One side of a comparison. The first (`depth` 1) begins with something measured.
  std::string side(Dimension dimension, uint32_t depth) {
    switch (dimension) {
      case Dimension::time:
        return duration(depth);
      case Dimension::share:
        return share(depth);
      case Dimension::number:
        return number(depth);
      case Dimension::requests:
        return requests(depth);
    }
    REL_CHECK(false);
  }

  std::string metric(const char* name) {
    return fmt::format("{}{}", pick({"candidate.", "baseline.", ""}), name);
  }

  std::string duration(uint32_t depth) {
    const std::string measured =
        fmt::format("{}({})", pick({"p50", "p95", "p99", "mean", "sum"}), metric("latency"));
    switch (depth == 1 ? 0 : random_.below(5)) {
      case 1:
        return pick({"300ms", "1h30m", "2ns", "0ms"});
      case 2:
        return fmt::format("{} * {}", pick({"1.2", "0", "1000k"}), measured);
      case 3:
        return fmt::format("({} - {})", measured, duration(1));
      case 4:
        return fmt::format("-{}", measured);
    }
    return measured;
  }

  std::string share(uint32_t depth) {
    const std::string measured = random_.one_in(2)
                                     ? fmt::format("rate({})", metric("failed"))
                                     : fmt::format("mean({})", metric("score"));
    switch (depth == 1 ? 0 : random_.below(4)) {
      case 1:
        return pick({"2%", "0%", "99.9%"});
      case 2:
        return fmt::format("{} {} {}", measured, pick({"+", "-"}), pick({"1pp", "0.5pp"}));
      case 3:
        return fmt::format("{} * 1.5", measured);
    }
    return measured;
  }

  std::string number(uint32_t depth) {
    if (depth == 2 && random_.one_in(2)) return pick({"0", "1.5", "50k"});
    return fmt::format("{} / {}", duration(1), duration(1));
  }

  std::string requests(uint32_t depth) {
    switch (random_.below(depth == 1 ? 3 : 4)) {
      case 0:
        return fmt::format("samples({})", metric("latency"));
      case 1:
        return fmt::format("requests({})", pick({"candidate", "baseline"}));
      case 2:
        return fmt::format("count({})", metric("failed"));
    }
    return pick({"0", "1000", "50k"});
  }

  Random random_;
};

}  // namespace

std::string random_policy(uint64_t seed) { return PolicyMaker(seed).make(); }

}  // namespace rel::test
