// One release as the gateway carries it: the plan, its compiled predicates, the state directory's
// mapping and this process's place in it.
// Life: load() and check_state() in the process that reads the configuration (no side effects, so
// `nginx -t` may do it); open_state() in the master once the configuration is accepted; join() and
// leave() in each worker. Owner: the configuration cycle.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rel/rel.h"
#include "runtime/base/limits.h"
#include "runtime/base/result.h"
#include "runtime/gateways/nginx/compiler_library.h"
#include "runtime/route/mapping.h"

namespace rel::gateway {

enum class EvaluatorChoice { unset, jit, interp };

struct ReleaseOptions {
  std::string policy;     // path of a .release or .plan file
  std::string release;    // empty: the only one of the file
  std::string state_dir;
  std::optional<double> time_scale;
  EvaluatorChoice evaluator = EvaluatorChoice::unset;
};

// A metric that is read from a response header.
struct HeaderMetric {
  uint32_t metric = 0;  // index in the plan
  rel_metric_kind kind = REL_VALUE;
  bool is_digest = false;  // true unless the header names the digest of the arm
  std::string header;
  std::string match;  // a flag of a category: true when the header has this text
};

class Release {
 public:
  // The error is the compiler's diagnostics, one a line, or what is wrong with the options.
  static Result<std::unique_ptr<Release>> load(const ReleaseOptions& options);

  const ReleaseOptions& options() const { return options_; }
  const rel_plan* plan() const { return plan_.get(); }
  std::string_view name() const;
  std::span<const HeaderMetric> header_metrics() const { return header_metrics_; }

  enum class StateVerdict { usable, unusable, conflicting };
  struct StateCheck {
    StateVerdict verdict = StateVerdict::usable;
    std::string problem;  // with the remedy
  };
  // What open_state() would find. Reads only. `conflicting`: a release of another plan is running.
  StateCheck check_state() const;

  // How far the release of the state directory is, whatever its plan. Reads only.
  MappedPhase mapped_phase() const { return look_at_phase(mapping_request().path); }

  // Maps the state and opens the engine. After an error the release serves the baseline.
  Status open_state();

  // The other members of the release's set, in the plan's order; null: not there.
  Status join_set(std::span<Release* const> members);

  // Takes a counter block for this worker; observations before that are lost, routing is baseline.
  Status join(int32_t pid);
  // The worker ends: gives the counter block back. Nothing but destruction may follow.
  void leave();
  bool open() const { return engine_ != nullptr; }
  bool joined() const { return worker_ != nullptr; }

  // Never fails: without an engine the baseline, with REL_REASON_ERROR.
  void route(const rel_context& context, rel_decision& decision) const;
  void observe(const rel_observation& observation);
  rel_tick_result tick(int32_t pid, int64_t now_ns);

 private:
  Release() : compiled_(nullptr, nullptr) {}
  static Result<std::unique_ptr<Release>> from_text(const ReleaseOptions& options);
  static Result<std::unique_ptr<Release>> from_plan(const ReleaseOptions& options);
  Status take_plan(std::string_view bytes);
  MappingRequest mapping_request() const;

  struct FreePlan {
    void operator()(rel_plan* plan) const { rel_plan_free(plan); }
  };
  struct CloseEngine {
    void operator()(rel_engine* engine) const { rel_engine_close(engine); }
  };
  struct CloseWorker {
    void operator()(rel_worker* worker) const { rel_worker_close(worker); }
  };

  // In the order in which they need each other; destroyed from the last to the first.
  ReleaseOptions options_;
  std::unique_ptr<RelCompiled, decltype(&rel_compiled_free)> compiled_;
  std::span<const PredicateFn> predicates_;
  std::unique_ptr<rel_plan, FreePlan> plan_;
  std::vector<HeaderMetric> header_metrics_;
  std::optional<Mapping> mapping_;
  std::unique_ptr<rel_engine, CloseEngine> engine_;
  std::unique_ptr<rel_worker, CloseWorker> worker_;
};

}  // namespace rel::gateway
