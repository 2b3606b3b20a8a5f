// The syntax of a policy as a tree of plain values: what was written, where, and nothing resolved.
// Input: the parser (syntax/parse.h). Output: read by sema. Names are unresolved text, quantities
// are checked only for the form of their unit. A part that could not be parsed is left out; its
// diagnostic has been given, and `incomplete` says where something is missing, so that later steps
// do not report its absence once more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/syntax/ast_test.h"
#include "compiler/syntax/ast_values.h"

namespace rel::ast {

enum class ExprKind : uint8_t {
  quantity,    // quantity
  string,      // string
  name,        // name: metric, guard, parameter, or an arm (`candidate`, `baseline`)
  member,      // operand.name: candidate.latency
  call,        // name(arguments): p99(...), rate(...), quantile(latency, 99.9%), a guard
  negate,      // -left
  add, subtract, multiply, divide,
  less, less_equal, greater, greater_equal, equal, not_equal,
  logical_and, logical_or, logical_not,
  sustained,   // (left for duration) and its kin, written in brackets or outermost
  statistical, // `failed worse than baseline by 50% at 99% confidence`: parsed whole
  error,       // could not be parsed; diagnosed already
};

struct Argument {
  std::optional<Name> name;  // limit: 400ms
  ExprId value;
  std::optional<Name> by;    // spread(... by age_band)
};

// How a condition is read over time: `for 5m`, `4 consecutive every 5m`, `4 of 6 every 5m`,
// `at most 3 failures every 5m`, `until ...`, `keep last 60s`.
enum class Temporal : uint8_t { held, consecutive, of_last, failures, until, keep };

// What one comparison is read over.
struct Window {
  enum class Kind : uint8_t { sliding, stage, last_requests } kind = Kind::stage;
  Quantity length;  // sliding: a duration; last_requests: a count
  Span span;
};

// `in any region`, `in every region`, `in any (region, age_band)`, `in any region x age_band`,
// `in at least 2 of region`.
struct SegmentFold {
  bool every = false;
  std::optional<Quantity> at_least;
  bool crossed = false;  // region x age_band
  std::vector<Name> segments;
  Span span;
};

enum class ComparativeVerb : uint8_t { worse, better, equals };

// `not worse than baseline by 1pp at 95% confidence`, `equals baseline within 2% at 95% confidence`
struct Comparative {
  ComparativeVerb verb = ComparativeVerb::worse;
  bool negated = false;
  std::optional<Name> reference;     // the arm it is compared with
  std::optional<Quantity> constant;  // ... or a number
  std::optional<Quantity> margin;
  std::optional<Quantity> confidence;
  std::optional<Quantity> estimate_min;  // `with estimate at least 2pp`
};

struct Expr {
  ExprKind kind = ExprKind::error;
  Span span;
  Span operator_span;      // of the operator, for labels between operands
  ExprId left;
  ExprId right;
  Quantity quantity;
  String string;
  Name name;               // name, member, call
  std::vector<Argument> arguments;
  // -- comparisons only: suffixes, in any order, each at most once
  std::optional<Window> over;
  std::optional<SegmentFold> in;
  std::optional<Quantity> samples_min;  // `with at least 200 samples`
  // -- call of `evidence` only: `.auc`, `.p99 in ms`
  std::vector<Name> path;
  std::optional<Name> evidence_unit;
  // -- statistical only; `left` is what is compared
  std::optional<Comparative> comparative;
  // -- sustained only; of `until`, `right` is the condition that ends it
  Temporal temporal = Temporal::held;
  Quantity count;     // consecutive, of_last, failures
  Quantity of;        // of_last
  Quantity duration;  // `for`, `every` or `last`
};

enum class UnknownVerb : uint8_t { hold, alert, rollback };

struct UnknownClause {
  Name cause;  // source_error, no_data, insufficient
  UnknownVerb verb = UnknownVerb::hold;
  std::optional<Quantity> up_to;
  std::optional<UnknownVerb> then;
  Span span;
};

struct Unknown {
  std::vector<UnknownClause> clauses;
  bool incomplete = false;
  Span span;
};

// The whole condition of a `when`, with the suffixes that govern it.
struct Condition {
  ExprId expr;                         // a top-level `for` is the outermost `sustained`
  std::optional<Quantity> after;       // `after 10m`
  std::optional<Quantity> after_share; // `after 10m at 25%`
  std::optional<Span> even_if_baseline;
  std::optional<Unknown> unknown;      // `unknown { no_data: alert }`, of this trigger alone
  Span span;
};

// ---- declarations

struct Import {
  // std.guards, or "relative/file.release"
  std::vector<Name> path;
  std::optional<String> file;
  Span span;
};

// mlflow("fraud/13"), file("models/candidate.json"), digest("sha256:...")
struct Reference {
  Name scheme;
  String argument;
  Span span;
};

// needs feature "user_history" version "7" beside "6"
struct Need {
  Name kind;  // feature, preprocessing
  String name;
  String version;
  std::optional<String> beside;    // what the baseline reads, served at the same time
  std::optional<String> replaces;  // what it takes the place of
  Span span;
};

// serves digest by header "X-Model-Digest"
struct Serves {
  String header;
  Span span;
};

struct Model {
  Name name;
  std::vector<Need> needs;
  std::optional<Reference> baseline;
  std::optional<Reference> candidate;
  std::optional<Expected> expected;
  std::optional<Serves> serves;
  std::string doc;  // `///` lines above
  bool incomplete = false;
  Span span;
};

enum class MetricSourceKind : uint8_t { none, duration, status, response_header, no_answer };

struct Metric {
  Name name;
  Name kind;                   // flag, duration, ratio, number, bytes, tokens, usd, gauge ...
  std::optional<Name> kind_unit;         // gauge in bytes
  std::optional<Name> unit_of_analysis;  // request (per request), label, user, session
  std::optional<Quantity> within;        // per label within 3d
  std::optional<Name> absent;            // absent is missing
  std::optional<Name> direction;         // "lower" or "higher"
  MetricSourceKind source = MetricSourceKind::none;
  Quantity status_first, status_last;    // status in 500..599
  String header;
  Span source_span;
  std::string doc;
  Span span;
};

struct Segment {
  Name name;
  std::vector<String> values;
  Span span;
};

struct Parameter {
  Name name;
  Name type;  // duration, ratio, number ...
  ExprId default_value;
};

// guard: a named condition. gate: one that lets a release go on. measure: a named number.
enum class DefinitionKind : uint8_t { guard, gate, measure };

struct Guard {
  DefinitionKind kind = DefinitionKind::guard;
  Name name;
  std::vector<Parameter> parameters;
  Condition condition;
  std::string doc;
  Span span;
};

struct File;
enum class TriggerVerb : uint8_t { rollback, hold, promote, alert, step, smoke };

struct Trigger {
  TriggerVerb verb = TriggerVerb::rollback;
  std::optional<Name> name;  // rollback slow_eu when ...
  Condition when;
  Span span;  // the statement
  // Set by sema where a statement of another file is written out: whose expressions it uses.
  const File* file = nullptr;
};

struct Step {
  Quantity share;
  std::optional<Quantity> duration;
  Span span;
};

enum class StageKind : uint8_t {
  mirror,
  steps,
  split,
  share,
  linear,      // linear 2% to 50% by 2% every 1m
  weights,     // weights 9:1
  blue_green,  // blue_green mirror 10%
  waves,       // waves by region "eu" for 2h, "us" for 2h
};

// linear FROM to TO by BY every EVERY
struct Ramp {
  Quantity from;
  Quantity to;
  Quantity by;
  Quantity every;
};

// weights BASELINE:CANDIDATE
struct Weights {
  Quantity baseline;
  Quantity candidate;
};

// allow increase in "Mon-Fri 09:00-17:00 Europe/Berlin" except "Dec 24 - Jan 2"
struct Increase {
  std::vector<String> allowed;
  std::vector<String> excepted;
  Span span;
};

// `"us" and "apac" for 2h` of a strategy `waves by region ...`
struct Wave {
  std::vector<String> values;
  std::optional<Span> other;  // values outside the segment's set
  std::optional<Quantity> duration;
  Span span;
};

enum class OtherwiseVerb : uint8_t { hold, withdraw, rollback };

struct Otherwise {
  OtherwiseVerb verb = OtherwiseVerb::hold;
  std::optional<String> reason;
  Span span;
};

// How a hook or a step of the way back is carried out: `command ["..."]`, `slack "#ops"`.
struct Means {
  Name kind;
  std::vector<String> arguments;
  Span span;
  bool is_list = false;  // in square brackets, as a command is written
};

enum class HookFailureVerb : uint8_t { hold, go_on, withdraw, rollback };

// `before command ["..."] within 5m retry 3 otherwise rollback`
struct Hook {
  bool after = false;
  Means means;
  std::optional<Quantity> retries;
  std::optional<Quantity> within;
  std::optional<Means> probe;  // refused by sema: a hook has none
  HookFailureVerb otherwise = HookFailureVerb::hold;
  std::optional<String> reason;  // withdraw
  Span span;
};

// `2 of team "risk-leads" within 7d`
struct People {
  Quantity count;
  String team;
  std::optional<Quantity> within;
  Span span;
};
struct ModelCard {
  std::vector<String> sections;
  String path;
};
struct Rehearsed {
  Quantity within;
};
// `http get "URL" is 200`
struct HttpGet {
  String url;
  Quantity status;
};
// `rule "NAME" loaded in "URL"`
struct RuleLoaded {
  String name;
  std::optional<String> where;
};
// `delivered to channel "#risk"`: the hook that tells them.
struct Delivered {
  Hook hook;
};
// A point of the checklist; a condition is one over evidence files.
struct Point {
  Name name;  // empty: of the point before it
  std::variant<People, ModelCard, Rehearsed, HttpGet, RuleLoaded, Delivered, Condition> probe;
  Span span;
};
struct Require {
  std::vector<Point> points;
  bool incomplete = false;
  Span span;
};

struct Stage {
  Name name;
  // A call such as `ladder(first: 2%)`: the rest is then only what the stage says itself.
  std::optional<Expr> use;
  StageKind kind = StageKind::share;
  // mirror, split and share have one; waves none or their share; the other strategies none
  std::vector<Step> steps;
  std::optional<Ramp> ramp;
  std::optional<Weights> weights;
  std::optional<Quantity> mirror;  // of blue_green
  std::optional<Quantity> holdback;
  std::optional<Name> wave_segment;
  std::vector<Wave> waves;
  std::optional<Name> sticky_by;
  std::optional<Quantity> soak;
  std::optional<Quantity> at_least;
  std::optional<Quantity> at_most;
  std::optional<Otherwise> otherwise;
  std::optional<Unknown> unknown;
  std::optional<Quantity> step_samples;  // step until samples >= 1000
  std::optional<Quantity> watch;
  std::optional<Quantity> keep_warm;  // keep baseline warm 7d
  std::vector<Increase> increases;
  std::vector<Trigger> triggers;
  std::vector<People> reviews;  // reviewed by 1 of team "x"
  std::vector<Hook> hooks;      // before and after the stage, in the order written
  Span strategy_span;  // `steps 1% for 1h, 5% for 4h`
  bool incomplete = false;
  Span span;
};

// strategy ladder(first: ratio = 1%) = steps first for 1h, 5% for 4h { ... }
struct Strategy {
  Name name;
  std::vector<Parameter> parameters;
  Stage body;
  std::string doc;
  Span span;
};

enum class WayBackVerb : uint8_t { route, revert, notify, escalate, report };

struct RollbackAction {
  WayBackVerb verb = WayBackVerb::notify;
  std::vector<Means> means;      // several channels of one `notify` or `escalate`
  Name subject_kind;             // revert: feature, preprocessing, alias
  String subject;                // revert: its name; report: its path
  String version;                // revert: what it goes back to
  std::optional<String> layout;  // report: the template's file
  std::optional<Quantity> after;    // escalate
  std::optional<Quantity> retries;  // `retry 5`
  std::optional<Quantity> within;   // `within 10m`
  std::optional<Means> probe;       // `probed by command [...]`
  Span span;
};

struct RollbackBlock {
  std::optional<Quantity> route_baseline;  // route baseline 100%
  std::vector<RollbackAction> actions;     // in the order written
  std::optional<Span> quarantine_candidate;
  std::optional<Quantity> cooldown;
  bool incomplete = false;
  Span span;
};

// header("x-insider") == "1" and cookie("beta") != "off"
struct RequestTerm {
  bool is_cookie = false;
  bool is_negated = false;
  String name;
  String value;
  Span span;
};

struct RequestMatch {
  std::vector<RequestTerm> terms;
  Span span;
};

// route candidate when ...
struct ForcedRoute {
  bool to_candidate = false;
  RequestMatch when;
  Span span;
};

struct Audience {
  RequestMatch match;
  Span span;
};

struct Release {
  Name name;
  Name model;                   // empty in a base policy
  std::optional<Name> extends;  // the base policy it is held to
  std::optional<String> owner;
  std::optional<Quantity> pane;
  std::optional<Quantity> false_rollback;
  std::optional<Unknown> unknown;
  std::optional<Require> require;
  std::vector<Trigger> triggers;
  std::vector<Stage> stages;
  std::vector<Increase> increases;
  std::optional<Span> observe_only;
  std::vector<ForcedRoute> routes;
  std::optional<Audience> audience;
  std::optional<Name> sticky_by;
  std::optional<RollbackBlock> rollback;
  std::string doc;
  bool incomplete = false;
  Span span;
};

// set checkout of fraud_v13, pricing_v4: they advance and go back together.
struct ReleaseSet {
  Name name;
  std::vector<Name> members;
  Span span;
};

struct File {
  FileId id;
  std::vector<Import> imports;
  std::vector<Model> models;
  std::vector<Metric> metrics;
  std::vector<Segment> segments;
  std::vector<Guard> guards;  // gates and measures, too
  std::vector<Strategy> strategies;
  std::vector<Release> releases;
  std::vector<Release> policies;  // base policies: what releases extend
  std::vector<Test> tests;
  std::vector<ReleaseSet> sets;
  // Names whose declaration could not be parsed: uses of them are not unknown names.
  std::vector<Name> left_out;
  bool incomplete = false;  // a declaration is missing whose name could not be read either
  std::vector<Expr> exprs;  // owner of every ExprId of the file

  const Expr& operator[](ExprId expr) const { return exprs[expr.value]; }
};

}  // namespace rel::ast
