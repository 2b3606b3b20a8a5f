#include "runtime/simulation/assumptions.h"

#include <fmt/core.h>

namespace rel {

std::vector<std::string> simulation_assumes(const Plan& plan) {
  std::vector<std::string> list;
  for (const Gate& gate : plan.gates) {
    const std::string_view text = plan.text(gate.text);
    if (gate.kind == GateKind::review) {
      list.push_back(fmt::format("stage `{}` is reviewed by {}", plan.text(gate.name), text));
    } else {
      const std::string_view what = is_of_hook(gate.kind) ? "succeeds at once" : "is met";
      list.push_back(fmt::format("`{}` {}", text, what));
    }
  }
  return list;
}

}  // namespace rel
