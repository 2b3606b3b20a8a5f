// A policy with every name resolved and every type known: the output of sema, the input of lints
// and lowering. Rows refer to each other by index; spans refer to the policy text.
// Owner: whoever called check_policy. Valid only when no error was reported.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "compiler/sema/typed_expect.h"
#include "compiler/sema/typed_test.h"
#include "compiler/sema/unit.h"
#include "compiler/source/source.h"
#include "runtime/plan/plan.h"

namespace rel::sema {

struct TypedId {
  uint32_t value = 0xffffffff;
  bool is_none() const { return value == 0xffffffff; }
  friend bool operator==(TypedId, TypedId) = default;
};

// A duration, share or count with the place it was written at.
struct Time {
  int64_t ns = 0;
  Span span;
};
struct Share {
  uint32_t millionths = 0;
  Span span;
};

struct TypedMetric {
  std::string name;
  MetricKind kind = MetricKind::flag;
  PlanUnit unit = PlanUnit::number;
  Direction direction = Direction::none;
  MetricSource source = MetricSource::event_field;
  std::string header;
  uint16_t status_first = 0;
  uint16_t status_last = 0;
  SampleUnit per = SampleUnit::request;
  AbsentSample absent = AbsentSample::missing;
  bool worst_case = false;     // `absent is worst`: each comparison has a row of its own
  OncePer once = OncePer::sample;
  SampleUnit unit_of_once = SampleUnit::user;
  int64_t within_ns = 0;
  std::optional<uint32_t> of;  // row that this one is derived of; it is not declared
  std::string match;           // of a category: the value this flag is true for
  bool poisoned = false;  // its kind is not known: its uses are not judged
  Span name_span;
  Span span;
};

struct TypedSegment {
  std::string name;
  std::vector<std::string> values;
  Span name_span;
  Span span;
};

struct TypedReference {
  std::string text;    // mlflow("fraud/13")
  std::string digest;  // "sha256:...", or the text when the reference is its own identity
  Span span;
};

struct TypedNeed {
  SubjectKind kind = SubjectKind::feature;
  std::string name;
  std::string version;
  std::string beside;  // empty: not said
  Span span;
};

struct TypedModel {
  std::string name;
  TypedReference baseline;
  TypedReference candidate;
  std::optional<TypedExpected> expected;
  std::vector<TypedNeed> needs;
  std::string digest_header;  // empty: what the arms serve is not checked
  Span digest_span;           // `serves digest by header "..."`
  Span span;
};

// What one comparison reads: the same for every aggregate in it.
struct TypedWindow {
  WindowKind kind = WindowKind::stage;
  int64_t length_ns = 0;
  uint32_t requests = 0;
  Span span;
};

enum class FoldKind : uint8_t { any, every, at_least };

struct TypedFold {
  FoldKind kind = FoldKind::any;
  bool crossed = false;  // over every combination of their values
  uint32_t count = 0;    // at_least
  std::vector<uint32_t> segments;  // rows of TypedPolicy::segments, as written
};

// A statistical comparison. What it finds is that the candidate is beyond the margin, in the unit
// and orientation of the metric; which side is worse has been settled.
struct TypedComparison {
  TestMethod method = TestMethod::rate_ratio;
  Finding finding = Finding::above;
  TestFold fold = TestFold::everybody;
  std::vector<uint32_t> segments;  // rows of TypedPolicy::segments, of a fold
  bool crossed = false;            // ... over every combination of their values
  std::optional<uint32_t> metric;
  double margin = 1;
  double quantile = 0;
  double alpha = 0;
  uint32_t samples_min = 0;
  std::string text;  // as written, one line
  Span span;
};

struct TypedAggregate {
  AggregateFn fn = AggregateFn::samples;
  Arm arm = Arm::candidate;
  std::optional<uint32_t> metric;  // row of TypedPolicy::metrics; none: requests
  double quantile = 0;
  uint32_t samples_min = 0;
  PlanUnit unit = PlanUnit::number;
  TypedWindow window;
  std::optional<uint32_t> test;  // row of TypedPolicy::comparisons: a number of that test
};

// A number of a file that a condition read when it was compiled.
struct TypedEvidence {
  std::string path;    // as written, relative to the policy
  std::string member;  // `.auc`, `.recall by age_band`
  std::string digest;  // "sha256:..." of the file
  std::optional<uint32_t> segment;  // that it is divided by
  Span span;           // first use
};

// `op` says what it is: constant, load (of `aggregate`), neg, arithmetic, comparison, logical_and,
// logical_or, logical_not, sustained (`left`, as `temporal` says). A comparison may carry a fold.
struct TypedExpr {
  Op op = Op::constant;
  Span span;
  TypedId left;
  TypedId right;
  double constant = 0;
  Unit unit;               // of a number
  uint32_t aggregate = 0;  // row of TypedPolicy::aggregates
  std::optional<uint32_t> evidence;  // constant: row of TypedPolicy::evidence it was read from
  // sustained: as in Sustain; `right` ends a latch
  SustainKind temporal = SustainKind::held;
  uint32_t count = 0;
  uint32_t of = 0;
  int64_t duration_ns = 0;
  std::optional<TypedFold> fold;
  // Comparisons say once what their aggregates are read over, as written or by default.
  TypedWindow window;
};

struct TypedAction {
  ActionKind kind = ActionKind::report;
  ActionPurpose purpose = ActionPurpose::report;
  SubjectKind subject_kind = SubjectKind::none;
  std::string subject;
  std::string version;
  std::vector<std::string> arguments;
  std::vector<std::string> probe;
  uint32_t retries_max = Action::no_limit;
  Time within;
  Time after;
  std::optional<Span> part;  // of a statement with several channels: this one
  Span subject_span;
  Span version_span;
  Span span;
};

struct TypedHook {
  TypedAction action;
  GateAt at = GateAt::entering;
  HookFailure otherwise = HookFailure::hold;
  std::string reason;  // withdraw
};

struct TypedGate {
  GateKind kind = GateKind::approval;
  std::string name;
  uint32_t count = 0;
  Time within;
  TypedId when;  // evidence
  std::vector<std::string> arguments;
  std::optional<TypedHook> hook;  // what the gate waits for
  Span span;
};

struct TypedUnknown {
  UnknownAction action = UnknownAction::hold;
  UnknownAction then = UnknownAction::hold;
  Time up_to;
  Span span;
};
// By cause: insufficient, no_data, source_error. None: said further out.
using TypedUnknowns = std::array<std::optional<TypedUnknown>, 3>;
// A time zone with its changes from 2000 to 2099.
struct TypedZone {
  std::string name;
  int32_t first_offset_s = 0;
  std::vector<ZoneChange> changes;
};

// As IncreaseWindow of the plan, its zone a row of TypedPolicy::zones.
struct TypedIncreaseWindow {
  IncreaseRule rule = IncreaseRule::allow;
  IncreaseDays days = IncreaseDays::weekly;
  uint8_t weekdays = 0;
  uint16_t from_minute = 0;
  uint16_t to_minute = 0;
  int32_t first = 0;
  int32_t last = 0;
  uint32_t zone = 0;
  std::string text;
  Span span;
};

struct TypedTrigger {
  std::string name;  // as written: rollback slow_eu when ...
  Span name_span;
  std::vector<uint32_t> replaced_in;  // of a release: stages that declare its name anew
  TriggerAction action = TriggerAction::rollback;
  std::string guard;  // name of the guard the whole condition is, or empty
  TypedId when;
  bool even_if_baseline = false;
  bool implied = false;  // `span` is of a statement that stands for it: lints do not judge it
  Time after;
  Share after_share;  // 0: `after` counts from the start of the stage
  TypedUnknowns unknown;
  Span span;

  bool is_replaced_in(uint32_t stage) const {
    return std::find(replaced_in.begin(), replaced_in.end(), stage) != replaced_in.end();
  }
};

struct TypedStep {
  Share share;
  Time duration;  // 0: as long as its stage
  uint64_t reach = 0;  // waves: see Plan::wave_reaches
};

struct TypedStage {
  std::string name;
  StageKind kind = StageKind::full;
  std::vector<TypedStep> steps;
  Share mirror;
  std::optional<uint32_t> wave_segment;  // row of TypedPolicy::segments
  Share holdback;
  Time soak;
  Time at_least;
  Time at_most;
  Otherwise otherwise = Otherwise::none;
  std::optional<std::string> otherwise_reason;
  TypedUnknowns unknown;
  uint32_t step_samples_min = 0;  // step until samples >= N
  Time watch;
  Time keep_warm;
  std::vector<TypedIncreaseWindow> increase;
  std::vector<TypedTrigger> triggers;
  std::vector<TypedGate> reviews;
  std::vector<TypedGate> hooks;  // each has its `hook`
  Span strategy_span;
  Span name_span;
  Span span;
};

struct TypedTerm {
  RequestPart part = RequestPart::header;
  std::string name;
  std::string value;
  bool negated = false;
};

struct TypedRoute {
  RouteTarget target = RouteTarget::candidate;
  std::vector<TypedTerm> terms;
  Span span;
};

struct TypedRelease {
  std::string name;
  uint32_t model = 0;  // row of TypedPolicy::models
  std::string owner;
  Time pane;
  std::optional<Share> false_rollback;
  TypedUnknowns unknown;
  std::vector<TypedTrigger> triggers;
  std::vector<TypedStage> stages;
  std::vector<TypedRoute> routes;
  std::vector<TypedTerm> audience;
  std::string sticky_by;
  std::string set;
  std::vector<std::string> set_members;  // the others
  std::vector<TypedGate> checklist;
  std::vector<TypedAction> actions;
  std::vector<TypedIncreaseWindow> increase;
  bool observe_only = false;
  bool quarantine_candidate = false;
  Time cooldown;
  Span name_span;
  Span span;
};

// What a lint needs to know of a guard, gate, measure or strategy.
struct TypedGuard {
  std::string name;
  std::string_view word;  // `guard` ...
  TypedId body;  // with the defaults of its parameters; none: it has errors
  bool used = false;
  Span name_span;
};

struct TypedPolicy {
  FileId file;
  std::vector<TypedModel> models;
  std::vector<TypedMetric> metrics;
  std::vector<TypedSegment> segments;
  std::vector<TypedGuard> guards;  // those of `file`
  std::vector<TypedRelease> releases;
  std::vector<TypedTest> tests;  // those of `file`
  std::vector<TypedExpr> exprs;
  std::vector<TypedAggregate> aggregates;
  std::vector<TypedEvidence> evidence;
  std::vector<TypedComparison> comparisons;
  std::vector<TypedZone> zones;

  const TypedExpr& operator[](TypedId id) const { return exprs[id.value]; }
  bool reads(const TypedAggregate& aggregate, Arm arm) const {
    return aggregate.arm == arm || compares_histograms(aggregate.fn) ||
           (aggregate.test && compares_arms(comparisons[*aggregate.test].method));
  }
};

}  // namespace rel::sema
