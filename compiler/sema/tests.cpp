// `test` blocks: names, units and times of what is fed and expected. Nothing is run here.
#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "compiler/sema/category.h"
#include "runtime/base/time_text.h"
#include "runtime/stage/decision_text.h"

namespace rel::sema {

namespace {

constexpr std::array<std::string_view, 3> causes = {"insufficient", "no_data", "source_error"};

std::vector<std::pair<std::string_view, DecisionKind>> decision_kinds() {
  std::vector<std::pair<std::string_view, DecisionKind>> kinds;
  for (uint8_t number = 0; number <= static_cast<uint8_t>(decision_kind_last); ++number) {
    const auto kind = static_cast<DecisionKind>(number);
    kinds.emplace_back(decision_kind_name(kind), kind);
  }
  return kinds;
}

class TestChecker {
 public:
  TestChecker(const Context& context, const ast::Test& written, TypedTest& typed)
      : context_(context), written_(written), typed_(typed) {}

  void check() {
    typed_.name = written_.name.value;
    typed_.name_span = written_.name.span;
    typed_.span = written_.span;
    if (written_.given) given(*written_.given);
    for (const ast::Series& series : written_.feeds) feed(series);
    std::sort(typed_.changes_ns.begin(), typed_.changes_ns.end());
    const auto last = std::unique(typed_.changes_ns.begin(), typed_.changes_ns.end());
    typed_.changes_ns.erase(last, typed_.changes_ns.end());
    for (const ast::Expectation& each : written_.expectations) expectation(each);
    if (!written_.incomplete) completeness();
  }

 private:
  Diagnostic& report(Code code, Span span, std::string message) {
    return context_.diagnostics.report(code, span, std::move(message));
  }

  const TypedRelease* release() const {
    return release_known_ ? &context_.policy.releases[typed_.release] : nullptr;
  }

  // ---- given

  void given(const ast::Given& given) {
    std::vector<std::string_view> names;
    const auto& releases = context_.policy.releases;
    for (uint32_t row = 0; row < releases.size(); ++row) {
      names.push_back(releases[row].name);
      if (releases[row].name != given.release.text) continue;
      typed_.release = row;
      release_known_ = true;
    }
    if (!release_known_ && !context_.scope.may_exist(given.release.text))
      report_unknown(context_.diagnostics, Code::unknown_name, "release", given.release, names);
    if (given.place && release_known_) begin_at(*given.place);
    if (!given.from) return;
    typed_.start_ns = parse_rfc3339(given.from->value);
    if (!typed_.start_ns)
      report(Code::test_incomplete, given.from->span, "this is not a time of a day")
          .with_help("write it as RFC 3339: `\"2026-03-06T16:00:00Z\"`");
  }

  void begin_at(const ast::Place& place) {
    if (!place.stage) {
      report(Code::test_place, place.span, "this share may be that of several stages")
          .with_help("say in which stage the test begins: `in canary at 25%`");
      return;
    }
    typed_.stage = stage_named(*place.stage);
    if (!typed_.stage || !place.share) return;
    const auto share = share_of(*place.share);
    if (!share) return;
    const TypedStage& stage = release()->stages[*typed_.stage];
    const std::optional<uint32_t> step = step_with(stage, *share);
    if (!step) return no_such_share(stage, place.share->span);
    typed_.step = *step;
  }

  std::optional<uint32_t> stage_named(const ast::Name& name) {
    std::vector<std::string_view> names;
    const auto& stages = release()->stages;
    for (uint32_t row = 0; row < stages.size(); ++row) {
      if (stages[row].name == name.text) return row;
      names.push_back(stages[row].name);
    }
    if (!context_.scope.may_exist(name.text))
      report_unknown(context_.diagnostics, Code::unknown_name, "stage", name, names)
          .label(release()->name_span, "of this release");
    return std::nullopt;
  }

  std::optional<uint32_t> share_of(const ast::Quantity& quantity) {
    const std::optional<Amount> amount = read_amount(context_, quantity);
    if (!amount) return std::nullopt;
    if (amount->unit == ratio_unit && amount->value <= 1)
      return static_cast<uint32_t>(std::llround(amount->value * 1e6));
    report(Code::wrong_quantity, quantity.span, "this must be a share, such as `25%`")
        .primary("this is " + describe(amount->unit));
    return std::nullopt;
  }

  // The step of a stage whose share was written so.
  static std::optional<uint32_t> step_with(const TypedStage& stage, uint32_t share) {
    if (stage.kind == StageKind::mirror)
      return share == stage.mirror.millionths ? std::optional<uint32_t>{0} : std::nullopt;
    for (uint32_t step = 0; step < stage.steps.size(); ++step) {
      const uint32_t given = stage.steps[step].share.millionths;
      if (share == given || share == given + stage.holdback.millionths) return step;
    }
    return std::nullopt;
  }

  void no_such_share(const TypedStage& stage, Span span) {
    report(Code::test_place, span, fmt::format("the stage `{}` is never at this share", stage.name))
        .label(stage.strategy_span, "its shares");
  }

  // ---- feed

  void feed(const ast::Series& series) {
    TypedSeries typed;
    typed.span = series.span;
    if (!target(series, typed)) return;
    if (!conditions(series, typed)) return;
    int64_t at_ns = 0;
    for (const ast::SeriesPart& part : series.parts) {
      const bool last = &part == &series.parts.back();
      const std::optional<TypedPart> read = typed_part(part, typed, at_ns, last);
      if (!read) return;
      if (at_ns > 0) typed_.changes_ns.push_back(at_ns);
      at_ns = read->to_ns;
      typed.parts.push_back(*read);
    }
    typed_.feeds.push_back(std::move(typed));
  }

  bool target(const ast::Series& series, TypedSeries& typed) {
    if (series.arm) {
      constexpr std::array<std::string_view, 2> arms = {"candidate", "baseline"};
      if (!is_arm(series.arm->text)) {
        report_unknown(context_.diagnostics, Code::unknown_word, "arm", *series.arm, arms);
        return false;
      }
      typed.arm = series.arm->text == "baseline" ? Arm::baseline : Arm::candidate;
    }
    const std::string& subject = series.subject.text;
    if (const auto metric = find_metric(context_.policy, subject)) {
      return metric_target(series, *metric, typed);
    }
    if (subject == "traffic" || subject == "source") {
      if (series.value) {
        report(Code::test_series, series.target_span, "only a category has values of a name");
        return false;
      }
      typed.of = subject == "traffic" ? SeriesOf::traffic : SeriesOf::source;
      const bool whole = !series.arm && series.only.empty();
      if (typed.of == SeriesOf::traffic || whole) return true;
      report(Code::test_series, series.target_span, "the source is the same for every request")
          .with_help("write `feed source ok for 10m then failed for 5m then ok`");
      return false;
    }
    if (!context_.is_news(subject)) return false;
    std::vector<std::string_view> known = names_of(context_.scope.metrics);
    known.push_back("traffic");
    known.push_back("source");
    report_unknown(context_.diagnostics, Code::unknown_name, "metric", series.subject, known);
    return false;
  }

  bool metric_target(const ast::Series& series, uint32_t row, TypedSeries& typed) {
    const TypedMetric& metric = context_.policy.metrics[row];
    typed.metric = row;
    if (metric.poisoned) return false;
    const bool category = metric.kind == MetricKind::category;
    if (category && series.value) {
      const auto value = counted_value(context_, row, series.value->value, series.value->span);
      typed.metric = value.value_or(row);
      return value.has_value();
    }
    if (!category && !series.value) return true;
    report(Code::test_series, series.target_span,
           category ? "a category is fed value by value" : "only a category has values of a name")
        .label(metric.name_span, "declared here")
        .with_help(category ? fmt::format("write `{}.\"...\" 4% for 10m then 40%`", metric.name)
                            : fmt::format("write `{}` without the text", metric.name));
    return false;
  }

  bool conditions(const ast::Series& series, TypedSeries& typed) {
    for (const ast::Only& only : series.only) {
      const auto segment = find_segment(context_.policy, only.segment.text);
      if (!segment) {
        if (context_.is_news(only.segment.text))
          report_unknown(context_.diagnostics, Code::unknown_name, "segment", only.segment,
                         names_of(context_.scope.segments));
        return false;
      }
      const auto& values = context_.policy.segments[*segment].values;
      const auto value = std::find(values.begin(), values.end(), only.value.value);
      if (value == values.end()) {
        const std::vector<std::string_view> known(values.begin(), values.end());
        const std::string_view near = nearest_name(only.value.value, known);
        Diagnostic& made = report(
            Code::unknown_name, only.value.span,
            fmt::format("`{}` has no value `{}`", only.segment.text, only.value.value));
        made.label(context_.policy.segments[*segment].name_span, "declared here");
        if (!near.empty())
          made.with_fix(only.value.span, fmt::format("\"{}\"", near),
                        fmt::format("did you mean `{}`?", near), false);
        return false;
      }
      typed.only.emplace_back(*segment, static_cast<uint32_t>(value - values.begin()));
    }
    return true;
  }

  // The unit in which a series is written, and how to say it.
  std::pair<Unit, std::string> unit_of_series(const TypedSeries& series) const {
    if (series.of == SeriesOf::traffic)
      return {unit_of(PlanUnit::per_second), "requests in a time, such as `120/s`"};
    const TypedMetric& metric = context_.policy.metrics[series.metric];
    if (metric.kind == MetricKind::flag) return {ratio_unit, "a share, such as `0.4%`"};
    const Unit unit = unit_of(metric.unit);
    return {unit, describe(unit)};
  }

  std::optional<double> value(const ast::Quantity& quantity, const TypedSeries& series) {
    const std::optional<Amount> amount = read_amount(context_, quantity);
    if (!amount) return std::nullopt;
    const auto [unit, wanted] = unit_of_series(series);
    const bool count = unit == tokens_unit && amount->unit == plain_unit;
    if (amount->unit != unit && !count) {
      report(Code::wrong_quantity, quantity.span,
             fmt::format("`{}` must be {}", context_.sources.text(target_span(series)), wanted))
          .primary("this is " + describe(amount->unit));
      return std::nullopt;
    }
    const bool share = series.of == SeriesOf::metric &&
                       context_.policy.metrics[series.metric].kind == MetricKind::flag;
    if (!share || amount->value <= 1) return amount->value;
    report(Code::out_of_range, quantity.span, "a share is at most 100%");
    return std::nullopt;
  }

  Span target_span(const TypedSeries& series) const {
    for (const ast::Series& each : written_.feeds)
      if (each.span == series.span) return each.target_span;
    return series.span;
  }

  std::optional<TypedPart> typed_part(const ast::SeriesPart& part, const TypedSeries& series,
                                      int64_t at_ns, bool last) {
    TypedPart typed;
    typed.from_ns = typed.to_ns = at_ns;
    typed.is_last = last;
    if (part.length) {
      const auto length = read_time(context_, *part.length, "the length of a part");
      if (!length) return std::nullopt;
      typed.to_ns += length->ns;
    } else if (!last) {
      report(Code::test_series, part.span, "this part of the series has no length")
          .with_help(fmt::format("say how long it lasts: `{} for 10m then ...`",
                                 context_.sources.text(part.span)));
      return std::nullopt;
    }
    if (part.word) return word_part(part, series, typed);
    if (series.of == SeriesOf::source) {
      report(Code::test_series, part.span, "a source is `ok` or `failed`");
      return std::nullopt;
    }
    const auto low = value(part.low, series);
    const auto high = part.high ? value(*part.high, series) : low;
    if (!low || !high) return std::nullopt;
    typed.low = *low;
    typed.high = *high;
    typed.kind = part.ramp ? PartKind::ramp : PartKind::spread;
    return form_fits(part, series) ? std::optional(typed) : std::nullopt;
  }

  bool form_fits(const ast::SeriesPart& part, const TypedSeries& series) {
    if (part.ramp && !part.high) {
      report(Code::test_series, part.span, "`over` goes from one value to another")
          .with_help("write two values, such as `1%..5% over 30m`, or `for` with one");
      return false;
    }
    const bool of_values = series.of == SeriesOf::metric &&
                           context_.policy.metrics[series.metric].kind != MetricKind::flag;
    if (part.ramp || !part.high || of_values) return true;
    report(Code::test_series, part.span, "a rate has one value at a time")
        .with_help("write `1%..5% over 30m` for one that grows");
    return false;
  }

  std::optional<TypedPart> word_part(const ast::SeriesPart& part, const TypedSeries& series,
                                     TypedPart typed) {
    const bool source = series.of == SeriesOf::source;
    const std::string& word = part.word->text;
    if (part.ramp) {
      report(Code::test_series, part.span, "`over` goes from one value to another")
          .with_help(fmt::format("write `{} for 10m`", word));
      return std::nullopt;
    }
    if (!source && word == "none") typed.kind = PartKind::none;
    else if (source && word == "ok") typed.kind = PartKind::ok;
    else if (source && word == "failed") typed.kind = PartKind::failed;
    else {
      constexpr std::array<std::string_view, 1> of_values = {"none"};
      constexpr std::array<std::string_view, 2> of_source = {"ok", "failed"};
      report_unknown(context_.diagnostics, Code::unknown_word, "value", *part.word,
                     source ? std::span<const std::string_view>(of_source)
                            : std::span<const std::string_view>(of_values));
      return std::nullopt;
    }
    return typed;
  }

  // ---- expect

  void expectation(const ast::Expectation& written) {
    TypedExpectation typed;
    typed.span = written.span;
    typed.none = written.none;
    if (written.kind && !kind_named(*written.kind, typed)) return;
    if (!written.kind && (written.none || !written.place)) {
      report(Code::test_expectation, written.span, "this says neither what is decided nor where "
                                                   "the release stands")
          .with_help("write a decision, such as `expect rolled_back within 6m`, or a place: "
                     "`expect in canary at 25% after 2h`");
      return;
    }
    if (written.place && release_known_ && !expected_place(*written.place, typed)) return;
    for (const ast::TestTime& time : written.times)
      if (!expected_time(time, typed)) return;
    if (typed.from_ns && typed.to_ns && *typed.to_ns < *typed.from_ns) {
      report(Code::test_expectation, written.span, "this is over before it begins")
          .with_help("`after` says from when on, `within` until when");
      return;
    }
    if (!because(written, typed)) return;
    typed_.expectations.push_back(std::move(typed));
  }

  bool kind_named(const ast::Name& name, TypedExpectation& typed) {
    std::vector<std::string_view> known;
    for (const auto& [text, kind] : decision_kinds()) {
      if (text == name.text) typed.kind = kind;
      known.push_back(text);
    }
    if (typed.kind) return true;
    report_unknown(context_.diagnostics, Code::unknown_word, "decision", name, known)
        .with_help("decisions are `rolled_back`, `held`, `resumed`, `step_advanced`, `promoted`, "
                   "`completed`, `withdrawn`, `alerted`, `stage_entered` ...");
    return false;
  }

  bool expected_place(const ast::Place& place, TypedExpectation& typed) {
    if (place.stage) {
      typed.stage = stage_named(*place.stage);
      if (!typed.stage) return false;
    }
    if (!place.share) return true;
    const auto share = share_of(*place.share);
    if (!share) return false;
    typed.share_millionths = share;
    if (*share == 0) return true;
    for (uint32_t row = 0; row < release()->stages.size(); ++row) {
      if (typed.stage && row != *typed.stage) continue;
      const TypedStage& stage = release()->stages[row];
      const auto step = step_with(stage, *share);
      if (!step) continue;
      // What is copied is no share of the answers: the stage says it all.
      typed.share_millionths = stage.steps[*step].share.millionths;
      if (stage.kind == StageKind::mirror) typed.stage = row;
      return true;
    }
    if (typed.stage) {
      no_such_share(release()->stages[*typed.stage], place.share->span);
    } else {
      report(Code::test_place, place.share->span, "no stage of the release has this share")
          .label(release()->name_span, "of this release");
    }
    return false;
  }

  bool expected_time(const ast::TestTime& time, TypedExpectation& typed) {
    const auto length = read_time(context_, time.length, "a time of a test");
    if (!length) return false;
    std::optional<int64_t>& slot = time.within ? typed.to_ns : typed.from_ns;
    if (slot) {
      report(Code::repeated_clause, time.span, "this is said twice");
      return false;
    }
    int64_t base_ns = 0;
    if (time.moment != ast::Moment::start) {
      const size_t count = typed_.changes_ns.size();
      if (count == 0 || (time.moment == ast::Moment::change && count > 1)) {
        report(Code::test_change, time.span,
               count == 0 ? std::string("nothing that is fed changes")
                          : fmt::format("what is fed changes {} times", count))
            .with_help(count == 0 ? "write a series with `then`: `80ms for 10m then 130ms`"
                                  : "write `of the first change` or `of the last change`");
        return false;
      }
      base_ns = time.moment == ast::Moment::last_change ? typed_.changes_ns.back()
                                                        : typed_.changes_ns.front();
    }
    slot = base_ns + length->ns;
    if (time.within && !typed.from_ns && base_ns > 0) typed.from_ns = base_ns;
    return true;
  }

  bool because(const ast::Expectation& written, TypedExpectation& typed) {
    if (!written.because_name && !written.because_text) return true;
    if (!written.kind) {
      report(Code::test_expectation, written.span, "only a decision has a reason")
          .with_help("name the decision: `expect rolled_back because failed`");
      return false;
    }
    if (written.because_text) {
      typed.because = written.because_text->value;
      return true;
    }
    const ast::Name& name = *written.because_name;
    typed.because = name.text;
    typed.because_is_name = true;
    std::vector<std::string_view> known(causes.begin(), causes.end());
    for (const std::string_view metric : names_of(context_.scope.metrics)) known.push_back(metric);
    for (const std::string_view guard : names_of(context_.scope.guards)) known.push_back(guard);
    if (release() != nullptr) {
      add_trigger_names(release()->triggers, known);
      for (const TypedStage& stage : release()->stages) add_trigger_names(stage.triggers, known);
    }
    if (std::find(known.begin(), known.end(), name.text) != known.end()) return true;
    if (context_.is_news(name.text))
      report_unknown(context_.diagnostics, Code::unknown_name, "metric, guard, trigger or cause",
                     name, known)
          .with_help("a part of the sentence is written in quotes: `because \"above 400ms\"`");
    return false;
  }

  static void add_trigger_names(const std::vector<TypedTrigger>& triggers,
                                std::vector<std::string_view>& known) {
    for (const TypedTrigger& trigger : triggers)
      if (!trigger.name.empty()) known.push_back(trigger.name);
  }

  // ---- the whole

  void completeness() {
    if (!written_.given) {
      report(Code::test_incomplete, typed_.name_span, "this test does not say what is released")
          .with_help("add `given release NAME`");
      return;
    }
    if (written_.expectations.empty())
      report(Code::test_incomplete, typed_.name_span, "this test expects nothing")
          .with_help("add what must happen, such as `expect rolled_back within 6m of the change`");
    if (!release_known_) return;
    const TypedModel* model = release()->model < context_.policy.models.size()
                                  ? &context_.policy.models[release()->model]
                                  : nullptr;
    const bool declared = model != nullptr && model->expected && model->expected->traffic_per_s > 0;
    const bool fed = std::any_of(written_.feeds.begin(), written_.feeds.end(),
                                 [](const ast::Series& s) { return s.subject.text == "traffic"; });
    if (declared || fed || model == nullptr) return;
    report(Code::test_incomplete, typed_.name_span, "this test has no traffic")
        .label(model->span, "its model declares none")
        .with_help("declare it in the model, `expect { traffic 120/s }`, or write `feed traffic "
                   "120/s`");
  }

  const Context& context_;
  const ast::Test& written_;
  TypedTest& typed_;
  bool release_known_ = false;
};

}  // namespace

void check_tests(const Context& context) {
  std::map<std::string_view, Span> names;
  for (const ast::Test& test : context.root->tests) {
    const auto [place, added] = names.try_emplace(test.name.value, test.name.span);
    if (!added)
      context.diagnostics
          .report(Code::duplicate_name, test.name.span, "two tests have this name")
          .label(place->second, "first here");
    TypedTest typed;
    TestChecker(context, test, typed).check();
    context.policy.tests.push_back(std::move(typed));
  }
}

}  // namespace rel::sema
