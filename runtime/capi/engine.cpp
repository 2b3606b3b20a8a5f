// rel.h: engines, workers, the data plane and the control plane.
#include <algorithm>
#include <new>

#include "runtime/capi/handles.h"

namespace rel::capi {
namespace {

constexpr rel_str baseline_name = {"baseline", 8};
constexpr rel_str candidate_name = {"candidate", 9};

void fill_baseline(rel_decision& out, rel_reason reason) {
  const uint32_t size = out.struct_size;
  out = rel_decision{};
  out.struct_size = size;
  out.variant = REL_BASELINE;
  out.reason = reason;
  out.stage = UINT32_MAX;
  out.variant_name = baseline_name;
}

// Structs of a host that was compiled before they grew end here.
constexpr size_t context_size_min = offsetof(rel_context, segments);
constexpr size_t observation_size_min = offsetof(rel_observation, population);

bool knows(const rel_context& context) {
  return context.struct_size >= sizeof(rel_context);
}

RequestFacts facts_of(const rel_context& context) {
  RequestFacts facts{.key = view(context.key)};
  if (context.target <= REL_TARGET_OUTSIDE) facts.target = static_cast<RouteTarget>(context.target);
  if (knows(context) && context.segments != nullptr) {
    facts.segments = {context.segments, context.segment_count};
  }
  return facts;
}

rel_reason reason_of(const RoutedRequest& routed) {
  constexpr uint32_t everybody = 1'000'000;
  const RouteDecision& route = routed.route;
  if (routed.targeted) return REL_REASON_TARGETING_MATCH;
  if (routed.population != Population::enrolled) return REL_REASON_DEFAULT;
  if (route.keyless) return REL_REASON_ERROR;
  if (route.stale) return REL_REASON_STALE;
  if (route.stage.is_none()) return REL_REASON_DEFAULT;
  if (route.share_millionths == 0 || route.share_millionths == everybody) return REL_REASON_STATIC;
  return REL_REASON_SPLIT;
}

LaneArm arm_of(const rel_observation& observation) {
  if (observation.lane == REL_SHADOW) return LaneArm::candidate_shadow;
  return observation.variant == REL_CANDIDATE ? LaneArm::candidate_live : LaneArm::baseline_live;
}

void carry(Observation& to, uint32_t metric, double value) {
  to.present |= 1u << metric;
  to.value[metric] = value;
}

// A refused, reset or timed-out try has no status and counts as one that failed.
double status_flag(const Metric& metric, int32_t status) {
  if (status == 0) return 1;
  return status >= metric.status_first && status <= metric.status_last ? 1 : 0;
}

Observation bind(const Plan& plan, const rel_observation& from) {
  Observation to;
  if (from.struct_size >= sizeof(rel_observation) && from.population <= REL_OUTSIDE) {
    to.population = static_cast<Population>(from.population);
  }
  to.time_ns = from.time_ns;
  to.arm = arm_of(from);
  for (uint32_t s = 0; s < plan.segments.size(); ++s) {
    const uint32_t other = plan.segments[s].values.count;
    const bool given = from.segments != nullptr && s < from.segment_count;
    const uint32_t value = given ? std::min<uint32_t>(from.segments[s], other) : other;
    to.segment[s] = static_cast<uint8_t>(value);
  }
  const auto metrics = static_cast<uint32_t>(plan.metrics.size());
  for (uint32_t m = 0; m < metrics; ++m) {
    const Metric& metric = plan.metrics[m];
    switch (metric.source) {
      case MetricSource::request_duration:
        if (!(from.duration_seconds < 0)) carry(to, m, from.duration_seconds);
        break;
      case MetricSource::response_status:
        carry(to, m, status_flag(metric, from.status));
        break;
      case MetricSource::no_answer:
        carry(to, m, from.status == 0 ? 1 : 0);
        break;
      case MetricSource::event_field:
      case MetricSource::pair_agreement:
      case MetricSource::pair_difference:
      case MetricSource::pair_loss:
      case MetricSource::pair_unanswered:
      case MetricSource::response_header:
      case MetricSource::response_digest:
        break;
    }
  }
  for (uint32_t i = 0; i < from.value_count && from.values != nullptr; ++i) {
    if (from.values[i].metric < metrics) carry(to, from.values[i].metric, from.values[i].value);
  }
  return to;
}

// The host keeps no journal: every increase is granted as soon as it is asked for.
void grant_by_itself(Runtime& runtime) {
  while (const std::optional<Decision> decision = runtime.next_decision()) {
    runtime.acknowledge_decision(decision->id);
  }
  const Raise pending = runtime.engine_state().pending;
  if (pending.kind != RaiseKind::none) runtime.grant_raise(pending.id);
}

}  // namespace
}  // namespace rel::capi

using rel::capi::guarded;
using rel::capi::report;

extern "C" {

size_t rel_engine_memory_size(const rel_plan* plan) {
  if (plan == nullptr) return 0;
  try {
    return rel::Runtime::shared_size(plan->plan);
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

rel_status rel_engine_open(const rel_engine_options* options, rel_engine** out, rel_error* error) {
  if (options == nullptr || out == nullptr || options->struct_size < sizeof(rel_engine_options)) {
    return report(error, REL_INVALID_ARGUMENT,
                  "rel_engine_open: options and out must not be null, options.struct_size must be "
                  "sizeof(rel_engine_options)");
  }
  if (options->plan == nullptr || options->memory == nullptr) {
    return report(error, REL_INVALID_ARGUMENT,
                  "rel_engine_open: options.plan and options.memory must not be null");
  }
  return guarded(error, [&] {
    rel::Evaluator evaluator;
    if (options->predicates != nullptr) {
      evaluator.compiled = {options->predicates, options->predicate_count};
    }
    auto runtime =
        rel::Runtime::open(options->plan->plan, evaluator,
                           {static_cast<std::byte*>(options->memory), options->memory_size});
    if (!runtime) return report(error, REL_INVALID_STATE, runtime.error().message);
    auto engine = std::make_unique<rel_engine>();
    engine->plan = options->plan;
    engine->runtime = std::move(*runtime);
    *out = engine.release();
    return REL_OK;
  });
}

void rel_engine_close(rel_engine* engine) { delete engine; }

rel_status rel_worker_open(rel_engine* engine, int32_t pid, rel_worker** out, rel_error* error) {
  if (engine == nullptr || out == nullptr || pid <= 0) {
    return report(error, REL_INVALID_ARGUMENT,
                  "rel_worker_open: engine and out must not be null, pid must be positive");
  }
  return guarded(error, [&] {
    auto worker = std::make_unique<rel_worker>();
    const rel::Result<uint32_t> shard = engine->runtime->claim_shard(pid);
    if (!shard) return report(error, REL_EXHAUSTED, shard.error().message);
    worker->engine = engine;
    worker->shard = *shard;
    *out = worker.release();
    return REL_OK;
  });
}

void rel_worker_close(rel_worker* worker) {
  if (worker == nullptr) return;
  worker->engine->runtime->release_shard(worker->shard);
  delete worker;
}

void rel_route(const rel_worker* worker, const rel_context* context, rel_decision* out) {
  if (out == nullptr || out->struct_size < sizeof(rel_decision)) return;
  if (worker == nullptr || context == nullptr ||
      context->struct_size < rel::capi::context_size_min) {
    return rel::capi::fill_baseline(*out, REL_REASON_ERROR);
  }
  const rel::RoutedRequest routed =
      worker->engine->runtime->route(rel::capi::facts_of(*context), context->now_ns);
  const rel::RouteDecision& route = routed.route;
  out->variant = route.candidate ? REL_CANDIDATE : REL_BASELINE;
  out->reason = rel::capi::reason_of(routed);
  out->mirror = route.mirror;
  out->share = route.share_millionths;
  out->bucket = route.bucket;
  out->stage = route.stage.value;
  out->population = static_cast<uint32_t>(routed.population);
  out->epoch = route.epoch;
  out->variant_name = route.candidate ? rel::capi::candidate_name : rel::capi::baseline_name;
}

void rel_observe(rel_worker* worker, const rel_observation* observation) {
  if (worker == nullptr || observation == nullptr ||
      observation->struct_size < rel::capi::observation_size_min) {
    return;
  }
  rel::Runtime& runtime = *worker->engine->runtime;
  runtime.observe(worker->shard, rel::capi::bind(worker->engine->plan->plan, *observation));
}

rel_status rel_tick(rel_engine* engine, int32_t pid, int64_t now_ns, rel_tick_result* out) {
  if (engine == nullptr || pid <= 0 ||
      (out != nullptr && out->struct_size < sizeof(rel_tick_result))) {
    return REL_INVALID_ARGUMENT;
  }
  rel::Runtime& runtime = *engine->runtime;
  const rel::TickReport tick = runtime.tick(pid, now_ns);
  if (tick.evaluated && engine->unjournaled.load(std::memory_order_relaxed)) {
    rel::capi::grant_by_itself(runtime);
  }
  if (out != nullptr) {
    out->evaluated = tick.evaluated;
    out->route_changed = tick.route_changed;
    out->share = runtime.published_route().share_millionths;
  }
  return REL_OK;
}

void rel_source_failing(rel_engine* engine, uint32_t failing) {
  if (engine != nullptr) engine->runtime->set_source_failing(failing != 0);
}

void rel_engine_run_unjournaled(rel_engine* engine) {
  if (engine == nullptr) return;
  engine->unjournaled.store(true, std::memory_order_relaxed);
  engine->runtime->request_start();
}

}  // extern "C"
