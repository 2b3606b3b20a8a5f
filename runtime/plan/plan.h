// The Plan: the contract between compiler and runtime. One flat, immutable, versioned, checksummed,
// printable value that describes one release: the aggregates to keep, typed expressions, the stage
// machine, strings and source spans.
// Input: lowering (compiler/plan) or a plan file. Output: read by every evaluator and by the
// runtime. Owner: whoever loaded it; everything else borrows it for its whole life.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "runtime/base/limits.h"
#include "runtime/base/result.h"
#include "runtime/plan/gates.h"
#include "runtime/plan/ids.h"
#include "runtime/plan/metric.h"
#include "runtime/plan/window.h"

namespace rel {

// A dimension of the population. Its values are strings [values.first, +count) of the plan.
// The cells of a plan: cell 0 is everybody; segment s owns cells [cell_first, +values.count + 1),
// the last of which is `other` (a value outside the set, or none).
struct Segment {
  StringId name;
  Rows<StringId> values;  // rows of Plan::segment_values
  uint32_t cell_first = 0;
  PlanSpan span;
};

// A cross of segments: a cell for each combination of their values, the last segment's running
// fastest. Who is `other` in one of them is in none of its cells. Their cells stand after those of
// the segments.
struct Product {
  Rows<SegmentId> segments;  // rows of Plan::product_segments
  uint32_t cell_first = 0;
  uint32_t cell_count = 0;
};

// What is counted: one metric (or, with no metric, requests) in one window, for every arm and cell.
struct Tracker {
  MetricId metric;  // none: requests
  WindowId window;
  uint8_t histogram = 0;  // 1: also a histogram of the values
  uint8_t reserved[3] = {};
};

// The arm a policy names. In a `mirror` stage candidate means the shadow lane, elsewhere the live
// lane; the window reader resolves that, evidence never crosses lanes.
enum class Arm : uint8_t { baseline, candidate };

enum class AggregateFn : uint8_t {
  samples,   // number of observations that carry the metric (or of requests)
  count,     // number of true flags
  sum,       // sum of values, base unit
  rate,      // true flags / samples
  mean,      // sum / samples
  quantile,  // `quantile` of the histogram: the representative value of its bucket
  evidence,  // of a test (Plan::tests): the largest natural logarithm of its e-value so far
  estimate,  // of a test: what it compares, in one arm, since its evidence began
  min,       // the lowest bucket of the histogram that is not empty
  max,       // the highest
  // How far the candidate's histogram is from the baseline's in the same window (windows/
  // histogram_drift.h); of both arms.
  psi,
  jensen_shannon,
  kolmogorov_smirnov,
};

constexpr bool compares_histograms(AggregateFn fn) { return fn >= AggregateFn::psi; }
constexpr bool reads_histogram(AggregateFn fn) {
  return fn == AggregateFn::quantile || fn == AggregateFn::min || fn == AggregateFn::max ||
         compares_histograms(fn);
}

// One number, or one for each cell of `cells`, that the runtime puts into the frame each tick.
struct Aggregate {
  AggregateFn fn = AggregateFn::samples;
  Arm arm = Arm::candidate;
  uint8_t reserved[2] = {};
  TrackerId tracker;
  uint32_t samples_min = 0;  // fewer samples: insufficient (never for samples and count)
  uint32_t cell_first = 0;   // first cell of the plan, 0 for everybody
  uint32_t cell_count = 1;
  uint32_t frame_first = 0;  // [frame_first, +cell_count) in the frame
  double quantile = 0;       // 0 < q < 1
  PlanUnit unit = PlanUnit::number;
  uint8_t reserved2[3] = {};
  StringId text;  // `p99(candidate.latency) over 1m`
};

// A number of a test, which the window of its tracker does not hold.
constexpr bool is_of_test(const Aggregate& aggregate) {
  return aggregate.fn == AggregateFn::evidence || aggregate.fn == AggregateFn::estimate;
}

enum class Op : uint8_t {
  constant,   // number: `constant`
  load,       // number: frame value of aggregate `a`; in a fold, of the fold's current cell
  sustained,  // verdict: state of sustain `a`
#define REL_ARITHMETIC(name, text, interpreted, ir) name,
#include "runtime/plan/ops.def"
  neg,  // number: -a
#define REL_COMPARISON(name, text, interpreted, ir) name,
#include "runtime/plan/ops.def"
  logical_and,  // verdict, Kleene: false dominates, then unknown
  logical_or,   // verdict, Kleene: true dominates, then unknown
  logical_not,  // verdict
  certain,      // verdict: whether `a` is true; never unknown
  fold_any,     // verdict of body `a` over `b` cells: true if one is true; cells whose verdict is
                // insufficient or no_data are excluded; unknown when no cell is left
  fold_every,   // verdict of body `a` over `b` cells: Kleene and of all of them
  fold_at_least,  // verdict of body `a` over `b` cells: true if `count` are; cells without data are
                  // excluded; unknown when too few are left, or failing ones could make it true
};

// A node of an expression. Operands stand before the node that uses them (post order), inside the
// rows of its predicate. `a` and `b` are node ids, an aggregate id, a sustain id or a cell count,
// as `op` says.
// A load outside a fold reads an aggregate of one cell. A load inside a fold's body reads frame
// value `frame_first + cell` of aggregate `a`, cell < b: the aggregate has that many cells, or (a
// fold over several segments) it and the rows right after it, which count the same in the other
// segments, have that many together; their frame values are contiguous. A fold's body is a
// contiguous run of nodes that nothing else uses; it holds no fold and no `sustained`.
struct Node {
  Op op = Op::constant;
  uint8_t reserved[3] = {};
  uint32_t a = PlanId<int>::none_value;
  uint32_t b = PlanId<int>::none_value;
  uint32_t count = 0;  // fold_at_least: how many cells
  double constant = 0;
  PlanSpan span;
};

// A pure expression that gives a verdict. Its nodes are the rows `nodes`, the last is the root.
struct Predicate {
  Rows<NodeId> nodes;
  StringId text;

  NodeId root() const { return NodeId{nodes.end() - 1}; }
};

// How a condition is read over time (stage/temporal.h has the meanings).
enum class SustainKind : uint8_t {
  held,             // `for D`: true at every tick of the closed [t-D, t]
  consecutive,      // `N consecutive every D`: the last N checks were true
  of_last,          // `N of M every D`: at least N of the last M checks were true
  failures_over,    // `at most N failures every D` of a rollback, hold or alert: more than N checks
                    // of the stage were true
  failures_within,  // ... of a promotion or a step: at most N checks of the stage were false
  latch,            // `until`: from `input` being true to `until` being true
  keep,             // `keep last D`: an unknown is the last known verdict for at most D
};

// Predicates that read a sustain come after its input and its end, so one pass in order evaluates
// a tick.
struct Sustain {
  PredicateId input;
  int64_t duration_ns = 0;  // held, keep: D; counted: between checks; latch: 0
  SustainKind kind = SustainKind::held;
  uint8_t reserved[3] = {};
  uint32_t count = 0;  // counted: N
  uint32_t of = 0;     // of_last: M
  PredicateId until;   // latch
};

// What a statistical comparison compares, and so which method of runtime/stats decides it.
enum class TestMethod : uint8_t {
  rate_ratio,       // flags: p_c with margin * p_b (pane grid)
  rate_difference,  // flags: p_c with p_b + margin (reverse projection)
  order,            // values: the candidate's with margin times the baseline's (label tilt)
  mean_ratio,       // values: mean_c with margin * mean_b (asymptotic, behind the skew gate)
  mean_difference,  // values: mean_c with mean_b + margin (asymptotic, behind the skew gate)
  quantile_ratio,   // values: a quantile with margin times the baseline's
  rate_level,       // flags of one arm: p with the constant `margin` (beta-binomial)
  quantile_level,   // values of one arm: a quantile with `margin` (beta-binomial of exceedances)
  mean_level,       // values of one arm within [0, 1]: the mean with `margin` (Bernstein)
  event_level,      // flags of one arm: true ones a second with `margin` (Poisson)
  sample_ratio,     // requests of both arms with the share of the route
};
constexpr bool compares_arms(TestMethod method) { return method < TestMethod::rate_level; }

// What the test finds: more than the margin allows, or less. It rejects the opposite.
enum class Finding : uint8_t { above, below };
enum class TestFold : uint8_t { everybody, any, every };

// A statistical comparison: evidence that goes on from pane to pane (runtime/evidence). The
// condition compares the aggregate `evidence` with log(1 / alpha).
struct EvidenceTest {
  TestMethod method = TestMethod::rate_ratio;
  Finding finding = Finding::above;
  TestFold fold = TestFold::everybody;
  Arm arm = Arm::candidate;  // of the forms with one arm
  uint8_t randomised = 0;    // 1: unknown once the sample ratio does not fit the route
  uint8_t reserved[3] = {};
  TrackerId tracker;         // over the stage
  StageId stage;             // none: goes on through stages of one lane
  uint32_t samples_min = 0;  // of each arm
  uint32_t horizon_panes = 0;  // over which late starts are spread
  uint32_t restart_panes = 1;  // between two of them
  uint32_t reserved2 = 0;
  double margin = 1;
  double quantile = 0;
  double alpha = 0;
  AggregateId evidence;
  Rows<TestCellId> cells;  // rows of Plan::test_cells
  StringId text;           // as written
};

// A cell of a test, and the aggregates that show it; none: it has no such number.
struct TestCell {
  uint32_t cell = 0;
  AggregateId evidence;
  AggregateId baseline;
  AggregateId candidate;
};

enum class TriggerAction : uint8_t { rollback, hold, alert, promote, step };

// `rollback when ...` and its kin. The verdict is that of `when`.
struct Trigger {
  StringId name;  // the guard's name, or rollback_1 ...
  TriggerAction action = TriggerAction::rollback;
  uint8_t even_if_baseline = 0;
  uint8_t reserved[2] = {};
  StageId stage;  // none: acts in every stage
  PredicateId when;
  // The same condition without `for`, read from the baseline: true means shared degradation.
  // None when the condition already compares arms, or does not read the candidate.
  PredicateId baseline_when;
  SustainId sustain;  // the outermost `for`, for showing how long a trigger has been pending
  PredicateId condition;  // the condition inside the outermost `for`; equals `when` without one
  int64_t after_ns = 0;   // ignored for so long from the start of its stage, or, with a share,
  uint32_t after_share_millionths = 0;  // from the first tick of it with at least this share
  // Bit s: stage s declares a trigger of this one's name, which acts there instead.
  uint32_t replaced_in = 0;
  StringId text;          // the statement as written, one line
  PlanSpan span;
};

// `blue_green` has two steps: before the switch the candidate gets copies only and is read from the
// shadow lane, after it everything but the holdback. What belongs to a stage starts anew between.
enum class StageKind : uint8_t { mirror, steps, split, full, blue_green, waves };
enum class Otherwise : uint8_t { none, hold, withdraw, rollback };

struct Stage {
  StringId name;
  StageKind kind = StageKind::full;
  Otherwise otherwise = Otherwise::none;
  uint8_t reserved[2] = {};
  Rows<StepId> steps;                // rows of Plan::steps, at least one
  uint32_t mirror_millionths = 0;    // share of requests copied to the candidate (mirror)
  uint32_t holdback_millionths = 0;  // share that stays on the baseline at 100 %
  int64_t soak_ns = 0;               // clock that must be full before the stage is left
  int64_t at_least_ns = 0;
  int64_t at_most_ns = 0;  // 0: no limit
  StringId otherwise_reason;
  StringId text;  // `steps 10% for 20s, 25% for 20s`
  PlanSpan span;
  // `step until samples >= N`: each step goes on until it has seen so many (0: not asked for);
  // `step_samples` counts the candidate's requests over the stage.
  uint32_t step_samples_min = 0;
  AggregateId step_samples;
  int64_t watch_ns = 0;      // once all else is full, watched for so long before it is complete
  int64_t keep_warm_ns = 0;  // from full share on, the baseline stays ready for so long
  Rows<IncreaseWindowId> increase;  // when exposure may grow into, within and out of the stage
};

// Candidate share in millionths; `duration_ns` 0: lasts as long as its stage.
struct Step {
  uint32_t share_millionths = 0;
  uint32_t reserved = 0;
  int64_t duration_ns = 0;
};

// A time zone: local time is UTC + `first_offset_s` until the first of its changes.
struct Zone {
  StringId name;
  int32_t first_offset_s = 0;
  Rows<ZoneChangeId> changes;  // in order of time
};
struct ZoneChange {
  int64_t at_s = 0;  // since the Unix epoch
  int32_t offset_s = 0;
  uint32_t reserved = 0;
};

enum class IncreaseRule : uint8_t { allow, except };

// Which days a window covers; `first` and `last` are both in it.
enum class IncreaseDays : uint8_t {
  weekly,  // `weekdays`, from minute to minute; beyond midnight when `to` is not after `from`
  yearly,  // whole days, month * 100 + day: Dec 24 is 1224; over New Year when first > last
  dates,   // whole days since the Unix epoch
};

// A part of the calendar in which exposure may grow, or may not; read in local time of the zone.
struct IncreaseWindow {
  IncreaseRule rule = IncreaseRule::allow;
  IncreaseDays days = IncreaseDays::weekly;
  uint8_t weekdays = 0;  // bit 0: Monday
  uint8_t reserved = 0;
  uint16_t from_minute = 0;  // of the day, in the window
  uint16_t to_minute = 0;    // not in it; 1440 is midnight
  int32_t first = 0;
  int32_t last = 0;
  ZoneId zone;
  StringId text;  // as written
  PlanSpan span;
};

// ---- what a gateway routes by, besides the share

enum class RequestPart : uint8_t { header, cookie };

// A part of a request that is read before it is routed. A gateway resolves each when it is
// configured and hands the values over in this order.
struct RequestSlot {
  RequestPart part = RequestPart::header;
  uint8_t reserved[3] = {};
  StringId name;
};

// Whether the slot's value is `value`, or (negated) is not. A part that is absent is no value.
struct RequestTerm {
  RequestSlotId slot;
  StringId value;
  uint8_t negated = 0;
  uint8_t reserved[3] = {};
};

// Where a request goes, whatever its key. `outside`: not in the release's audience.
enum class RouteTarget : uint8_t { none, candidate, baseline, outside };

// A forced route: applies when each of its terms is true.
struct ForcedRoute {
  RouteTarget target = RouteTarget::candidate;
  uint8_t reserved[3] = {};
  Rows<RequestTermId> terms;
  StringId text;
  PlanSpan span;
};

// A stage of kind `waves`: which values of a segment the candidate's share is taken from, step by
// step. Bit v of a reach is the segment's value v, the bit after the last one is `other`.
struct WaveStage {
  StageId stage;
  SegmentId segment;
  Rows<WaveReachId> reaches;  // rows of Plan::wave_reaches, one a step; each includes the former
};

enum class UnknownAction : uint8_t { hold, alert, rollback };

// What the release does while a trigger is unknown for one cause. `then` acts once it has been so
// for `up_to_ns` (0: there is no `then`).
struct UnknownRule {
  UnknownAction action = UnknownAction::hold;
  UnknownAction then = UnknownAction::hold;
  uint8_t reserved[6] = {};
  int64_t up_to_ns = 0;
  PlanSpan span;
};

// Where a stage or a trigger says it itself: an override of the trigger stands above one of its
// stage, that above the rule of the release.
struct UnknownOverride {
  TriggerId trigger;  // exactly one of the two
  StageId stage;
  uint8_t cause = 0;  // index as in Plan::unknown
  uint8_t reserved[3] = {};
  UnknownRule rule;
};

// How an action reaches the world: one actuator each (runtime/actuators). What its arguments are.
enum class ActionKind : uint8_t {
  command,       // an argument vector
  webhook,       // a URL
  haproxy,       // a proxy of the host's configuration
  mlflow_alias,  // none: the action's subject is NAME@ALIAS, its version the one it names again
  slack,         // a channel of the host's configuration
  pagerduty,     // a service of the host's configuration
  alertmanager,  // a receiver's name, which becomes a label
  report,        // the report's path, and the template's text when the policy gives one
};

// Those up to `escalate` are steps of the way back; the others belong to a row of Plan::hooks.
enum class ActionPurpose : uint8_t { route, revert, notify, report, escalate, hook, tell };
constexpr bool is_of_hook(ActionPurpose purpose) { return purpose > ActionPurpose::escalate; }
enum class SubjectKind : uint8_t { none, feature, preprocessing, alias };

// A step of the way back after the route in memory, in the stated order.
struct Action {
  static constexpr uint32_t no_limit = 0xffffffff;

  ActionKind kind = ActionKind::report;
  ActionPurpose purpose = ActionPurpose::report;
  SubjectKind subject_kind = SubjectKind::none;  // of a revert
  uint8_t reserved = 0;
  uint32_t retries_max = no_limit;  // tries after the first
  int64_t within_ns = 0;  // of the first try's start: no try begins later
  int64_t after_ns = 0;   // escalate: so long after the route, unless somebody acknowledged
  StringId subject;
  StringId version;
  Rows<StringId> arguments;  // rows of Plan::arguments
  Rows<StringId> probe;      // right after them: the command that `probed by` names; may be empty
  StringId text;
  PlanSpan span;
};

// A file whose numbers the policy's conditions hold as constants, as it was when it was compiled.
struct EvidenceFile {
  StringId path;    // as written, relative to the policy
  StringId digest;  // "sha256:..."
};

// What the candidate reads and the baseline does not: the way back reverts it.
struct Need {
  SubjectKind kind = SubjectKind::feature;
  uint8_t reserved[3] = {};
  StringId name;
  StringId version;  // what the candidate reads
  StringId beside;   // what the baseline reads, served at the same time; none: not said
};

// How a model is named and what it resolved to. `digest` is "sha256:..." when the reference could
// be resolved at compile time (`file(...)`, `digest(...)`), else the reference is its own identity.
struct ModelRef {
  StringId text;    // as written: mlflow("fraud/13")
  StringId digest;  // identity used for quarantine
};

struct Plan {
  // -- identity
  std::string release;
  std::string model;
  std::string owner;
  ModelRef baseline;
  ModelRef candidate;
  uint64_t salt = 0;  // seed of the bucket hash: XXH64 of the release name, seed 0
  int64_t pane_ns = 1'000'000'000;

  // -- tables
  std::vector<std::string> strings;
  std::vector<Metric> metrics;
  std::vector<Segment> segments;
  std::vector<StringId> segment_values;
  std::vector<Product> products;
  std::vector<SegmentId> product_segments;
  std::vector<Window> windows;
  std::vector<Tracker> trackers;
  std::vector<Aggregate> aggregates;
  std::vector<Node> nodes;
  std::vector<Predicate> predicates;
  std::vector<Sustain> sustains;
  std::vector<Trigger> triggers;
  std::vector<Stage> stages;
  std::vector<Step> steps;
  std::vector<Action> actions;
  std::vector<StringId> arguments;
  std::vector<EvidenceTest> tests;
  std::vector<TestCell> test_cells;
  std::vector<Zone> zones;
  std::vector<ZoneChange> zone_changes;
  std::vector<IncreaseWindow> increase_windows;
  Rows<IncreaseWindowId> increase;  // when exposure may grow, in every stage
  std::vector<Need> needs;

  // -- routing, besides the share
  std::vector<RequestSlot> request_slots;
  std::vector<RequestTerm> request_terms;
  std::vector<ForcedRoute> forced_routes;  // the first that applies decides
  Rows<RequestTermId> audience;            // all of them true: in the population. Empty: everybody
  std::vector<WaveStage> wave_stages;
  std::vector<uint64_t> wave_reaches;
  StringId sticky_by;  // what the key that decides is called; none: the policy does not say
  // The set the release advances and goes back with, and the other members by name.
  StringId set;
  std::vector<StringId> set_members;
  std::vector<Gate> gates;
  std::vector<StringId> gate_arguments;
  std::vector<Hook> hooks;  // those of one gate after the other, in the order written

  // -- what unknown does, by cause: [0] insufficient, [1] no_data, [2] source_error
  UnknownRule unknown[3];
  std::vector<UnknownOverride> unknown_overrides;  // of triggers, then of stages

  std::vector<EvidenceFile> evidence_files;

  // -- way back
  uint8_t quarantine_candidate = 0;
  int64_t cooldown_ns = 0;
  uint32_t false_rollback_millionths = 0;  // 0: no budget was declared

  uint8_t observe_only = 0;  // decides, journals and alerts; the route stays at the baseline

  uint32_t frame_size = 0;  // numbers in a frame
  uint32_t cell_count = 1;

  std::string_view text(StringId id) const {
    return id.is_none() ? std::string_view{} : std::string_view{strings[id.value]};
  }
};

// The plan as text, one fact a line, stable: the form of `relc build --emit plan` goldens.
std::string print_plan(const Plan& plan);

// Serialised form: magic, format version, sections, XXH64 checksum. Little endian.
std::string save_plan(const Plan& plan);

// Whether bytes begin as a saved plan does; a policy text never does.
bool is_saved_plan(std::string_view bytes);

// Refuses a wrong magic, version or checksum, a truncated file and any plan `verify_plan` refuses.
Result<Plan> load_plan(std::string_view bytes);

// Everything an evaluator relies on: indices in range, operand types, post order, limits, finite
// constants, windows and cells that fit. A verified plan never traps.
Status verify_plan(const Plan& plan);

// XXH64 of the serialised plan: the identity a running release is pinned to.
uint64_t plan_hash(const Plan& plan);

}  // namespace rel
