// From a policy file to an open engine, and the calls into it.
#include "runtime/gateways/nginx/release.h"

#include <fstream>
#include <iterator>

namespace rel::gateway {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

rel_error empty_error() {
  rel_error error{};
  error.struct_size = sizeof error;
  return error;
}

// What a request gets when there is no engine to ask.
void baseline_for_error(rel_decision& decision) {
  const uint32_t size = decision.struct_size;
  decision = rel_decision{};
  decision.struct_size = size;
  decision.variant = REL_BASELINE;
  decision.reason = REL_REASON_ERROR;
  decision.stage = UINT32_MAX;
  decision.variant_name = {"baseline", 8};
}

}  // namespace

Result<std::unique_ptr<Release>> Release::load(const ReleaseOptions& options) {
  if (ends_with(options.policy, ".release")) return from_text(options);
  if (ends_with(options.policy, ".plan")) return from_plan(options);
  return Error{options.policy + ": neither a policy (.release) nor a built plan (.plan)"};
}

Result<std::unique_ptr<Release>> Release::from_text(const ReleaseOptions& options) {
  const Result<CompilerLibrary> compiler = CompilerLibrary::load();
  if (!compiler) return compiler.error();
  const RelCompileMode mode = options.evaluator == EvaluatorChoice::interp
                                  ? rel_compile_interpret
                                  : rel_compile_jit;
  CompilerLibrary::Compiled compiled = compiler->compile(options.policy, options.release, mode,
                                                         options.time_scale.value_or(1.0));
  if (compiled == nullptr) return Error{options.policy + ": out of memory"};
  if (compiler->failed(compiled)) return Error{compiler->diagnostics(compiled)};
  std::unique_ptr<Release> release(new Release);
  release->options_ = options;
  release->predicates_ = compiler->predicates(compiled);
  const Status taken = release->take_plan(compiler->plan(compiled));
  if (!taken) return taken.error();
  release->compiled_ = std::move(compiled);
  return release;
}

Result<std::unique_ptr<Release>> Release::from_plan(const ReleaseOptions& options) {
  if (options.evaluator == EvaluatorChoice::jit) {
    return Error{options.policy + ": a built plan is interpreted; name the .release file to have "
                                  "it compiled, or write `release_evaluator interp;`"};
  }
  if (options.time_scale) {
    return Error{options.policy + ": release_scale_time does not change a built plan; build it "
                                  "with `relc build --scale-time`"};
  }
  std::ifstream file(options.policy, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Error{options.policy + ": cannot be read"};
  std::unique_ptr<Release> release(new Release);
  release->options_ = options;
  const Status taken = release->take_plan(bytes);
  if (!taken) return taken.error();
  if (!options.release.empty() && options.release != release->name()) {
    return Error{options.policy + ": the plan is of release `" + std::string(release->name()) +
                 "`, not `" + options.release + "`"};
  }
  return release;
}

Status Release::take_plan(std::string_view bytes) {
  rel_error error = empty_error();
  rel_plan* plan = nullptr;
  if (rel_plan_load({bytes.data(), bytes.size()}, &plan, &error) != REL_OK) {
    return Error{options_.policy + ": " + error.message};
  }
  plan_.reset(plan);
  for (uint32_t i = 0; i < rel_plan_metric_count(plan); ++i) {
    rel_metric_info info{};
    info.struct_size = sizeof info;
    if (rel_plan_metric(plan, i, &info) != REL_OK) continue;
    const bool is_digest = info.source == REL_SOURCE_RESPONSE_DIGEST;
    if (!is_digest && info.source != REL_SOURCE_RESPONSE_HEADER) continue;
    header_metrics_.push_back({i, static_cast<rel_metric_kind>(info.kind), is_digest,
                               std::string(info.header.ptr, info.header.len),
                               std::string(info.match.ptr, info.match.len)});
  }
  return ok();
}

std::string_view Release::name() const {
  const rel_str name = rel_plan_release(plan_.get());
  return {name.ptr, name.len};
}

MappingRequest Release::mapping_request() const {
  MappingRequest request;
  request.path = options_.state_dir + "/gateway.map";
  request.size = rel_engine_memory_size(plan_.get());
  request.plan_hash = rel_plan_hash(plan_.get());
  return request;
}

Release::StateCheck Release::check_state() const {
  const Result<MappingUse> use = look_at_mapping(mapping_request());
  if (!use) return {StateVerdict::unusable, "release_state: " + use.error().message};
  switch (*use) {
    case MappingUse::none:
    case MappingUse::same_plan:
    case MappingUse::other_plan_ended: return {};
    case MappingUse::other_plan_running: break;
  }
  return {StateVerdict::conflicting,
          "release_state " + options_.state_dir + ": a release of another version of " +
              options_.policy + " is running, and an edit never changes a running release by "
              "itself; take it up in the sidecar when it is safe (`relc run --attach --edit "
              "WHY`), put the former policy back, or let the release end (`relc status` shows it) "
              "and reload then"};
}

Status Release::open_state() {
  const StateCheck check = check_state();
  if (check.verdict != StateVerdict::usable) return Error{check.problem};
  MappingRequest request = mapping_request();
  request.other_plan = OtherPlan::replace;  // it has ended
  Result<Mapping> mapping = open_mapping(request);
  if (!mapping) return mapping.error();
  rel_engine_options options{};
  options.struct_size = sizeof options;
  options.plan = plan_.get();
  options.memory = mapping->memory().data();
  options.memory_size = mapping->memory().size();
  options.predicates = predicates_.empty() ? nullptr : predicates_.data();
  options.predicate_count = predicates_.size();
  rel_error error = empty_error();
  rel_engine* engine = nullptr;
  if (rel_engine_open(&options, &engine, &error) != REL_OK) return Error{error.message};
  mapping_ = std::move(*mapping);
  engine_.reset(engine);
  return ok();
}

Status Release::join_set(std::span<Release* const> members) {
  if (engine_ == nullptr || members.empty()) return ok();
  std::vector<rel_engine*> engines;
  for (const Release* member : members) {
    engines.push_back(member == nullptr ? nullptr : member->engine_.get());
  }
  rel_error error = empty_error();
  const rel_status joined = rel_engine_join_set(engine_.get(), engines.data(),
                                                static_cast<uint32_t>(engines.size()), &error);
  return joined == REL_OK ? ok() : Status{Error{error.message}};
}

Status Release::join(int32_t pid) {
  rel_error error = empty_error();
  rel_worker* worker = nullptr;
  if (rel_worker_open(engine_.get(), pid, &worker, &error) != REL_OK) {
    return Error{error.message};
  }
  worker_.reset(worker);
  return ok();
}

void Release::leave() {
  worker_.reset();
  // The process ends now. What the master compiled is not taken apart in a fork of it.
  predicates_ = {};
  (void)compiled_.release();
}

void Release::route(const rel_context& context, rel_decision& decision) const {
  if (worker_ == nullptr) return baseline_for_error(decision);
  rel_route(worker_.get(), &context, &decision);
}

void Release::observe(const rel_observation& observation) {
  if (worker_ != nullptr) rel_observe(worker_.get(), &observation);
}

rel_tick_result Release::tick(int32_t pid, int64_t now_ns) {
  rel_tick_result result{};
  result.struct_size = sizeof result;
  if (rel_tick(engine_.get(), pid, now_ns, &result) != REL_OK) result.route_changed = 0;
  return result;
}

}  // namespace rel::gateway
