#include "runtime/route/request_route.h"

namespace rel {
namespace {

// Entering a stage of waves changes two words; a reader between them looks again. More often than
// so the words of two changes in a row would have to be met.
constexpr int step_reads_max = 2;

bool is_true(const Plan& plan, const RequestTerm& term, std::span<const std::string_view> values) {
  const std::string_view value =
      term.slot.value < values.size() ? values[term.slot.value] : std::string_view{};
  return (value == plan.text(term.value)) != (term.negated != 0);
}

bool all_true(const Plan& plan, Rows<RequestTermId> terms,
              std::span<const std::string_view> values) {
  for (uint32_t at = terms.first; at < terms.end(); ++at) {
    if (!is_true(plan, plan.request_terms[at], values)) return false;
  }
  return true;
}

// The baseline, as for somebody the release is not about.
void leave_out(RoutedRequest& routed, Population population) {
  routed.population = population;
  routed.route.candidate = 0;
  routed.route.mirror = 0;
  routed.route.share_millionths = 0;
}

// A forced request gets the candidate where somebody gets it: a route forced by the policy never
// overrides a rollback, a stage that only mirrors, or a release that has not begun.
void force(RoutedRequest& routed, RouteTarget target) {
  const bool answers = routed.route.share_millionths != 0;
  const bool candidate = target == RouteTarget::candidate && answers;
  routed.population = Population::forced;
  routed.targeted = answers;
  routed.route.candidate = candidate ? 1 : 0;
  routed.route.mirror = 0;
  routed.route.keyless = 0;
}

// What the present wave reaches; 0 when the words do not agree.
uint64_t reach_of(const RouteView& view, const WaveTable& waves, const WaveStage& stage) {
  const RouteBlock& block = *view.block;
  for (int read = 0; read < step_reads_max; ++read) {
    const uint64_t route_word = block.route_word.load(std::memory_order_acquire);
    const uint64_t step_word = block.step_word.load(std::memory_order_acquire);
    if (is_step_of(step_word, route_word) && stage_of(route_word) == stage.stage) {
      return waves.reach(stage, step_of(step_word));
    }
  }
  return 0;
}

// Only the values the wave has reached take part. Where it takes all of them, the others are the
// baseline that an outage of both is told by; where it takes a share, the baseline is the rest of
// that share, and the others would only blur it.
void narrow(const RouteView& view, const WaveTable& waves, const WaveStage& stage,
            std::span<const uint8_t> segments, RoutedRequest& routed) {
  const uint64_t reach = reach_of(view, waves, stage);
  const uint32_t segment = stage.segment.value;
  const uint32_t value = segment < segments.size() ? segments[segment] : waves.other(stage);
  const bool reached = (reach >> (value < 64 ? value : 63) & 1) != 0;
  if (reached) {
    routed.targeted = routed.route.share_millionths == share_all && !routed.route.keyless;
    return;
  }
  const bool whole = routed.route.share_millionths == share_all;
  leave_out(routed, whole ? Population::enrolled : Population::outside);
}

}  // namespace

RouteTarget target_of(const Plan& plan, std::span<const std::string_view> values) {
  for (const ForcedRoute& route : plan.forced_routes) {
    if (all_true(plan, route.terms, values)) return route.target;
  }
  return all_true(plan, plan.audience, values) ? RouteTarget::none : RouteTarget::outside;
}

WaveTable::WaveTable(const Plan& plan) : plan_(plan) {
  for (const WaveStage& waves : plan.wave_stages) of_stage_[waves.stage.value] = &waves;
}

RoutedRequest route_request(const RouteView& view, const WaveTable& waves,
                            const RequestFacts& request, int64_t now_ns) {
  RoutedRequest routed;
  routed.route = route_key(view, request.key, now_ns);
  switch (request.target) {
    case RouteTarget::none: break;
    case RouteTarget::candidate:
    case RouteTarget::baseline:
      force(routed, request.target);
      return routed;
    case RouteTarget::outside:
      leave_out(routed, Population::outside);
      return routed;
  }
  if (waves.empty()) return routed;
  const WaveStage* stage = waves.of_stage(routed.route.stage);
  if (stage != nullptr) narrow(view, waves, *stage, request.segments, routed);
  return routed;
}

}  // namespace rel
