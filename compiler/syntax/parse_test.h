// What is expected, from parse tree to Ast: `expect { }` of a model, and `test` blocks. Part of the
// one translation unit that knows ANTLR (parse.cpp). Input and output as in parse_tree.h.
#pragma once

#include "compiler/syntax/parse_tree.h"

namespace rel::syntax {

class TestReader : protected TreeReader {
 public:
  using TreeReader::TreeReader;

 protected:
  ast::Expected read_expected(P::ExpectedContext* context) {
    ast::Expected made;
    made.span = span(context);
    if (auto* block = context->expectedBlock()) {
      for (P::ExpectedFactContext* each : block->expectedFact()) {
        if (is_broken(each)) continue;
        ast::ExpectedFact fact;
        fact.subject = name(each->name(0));
        if (each->STRING() != nullptr)
          fact.part = ast::Name{string(each->STRING()).value, span(each->STRING())};
        else if (each->DOT() != nullptr)
          fact.part = name(each->name(1));
        fact.value = quantity(each->QUANTITY());
        fact.span = span(each);
        made.facts.push_back(std::move(fact));
      }
    }
    return made;
  }

  ast::Test read_test(P::TestContext* context) {
    ast::Test made;
    made.name = string(context->testHead()->STRING());
    made.span = span(context);
    if (auto* block = context->testBlock()) {
      for (P::TestStatementContext* each : block->testStatement()) {
        if (is_broken(each)) continue;
        if (auto* given = each->given())
          once(made.given, read_given(given), span(given));
        else if (auto* feed = each->feed())
          read_feed(feed, made);
        else
          made.expectations.push_back(read_expectation(each->expectation()));
      }
    }
    made.incomplete = is_broken(context);
    return made;
  }

 private:
  ast::Place read_place(P::PlaceContext* context) {
    ast::Place made;
    made.span = span(context);
    if (context->name() != nullptr) made.stage = name(context->name());
    if (context->QUANTITY() != nullptr) made.share = quantity(context->QUANTITY());
    return made;
  }

  ast::Given read_given(P::GivenContext* context) {
    ast::Given made;
    made.release = name(context->name());
    made.span = span(context);
    if (context->place() != nullptr) made.place = read_place(context->place());
    if (context->STRING() != nullptr) made.from = string(context->STRING());
    return made;
  }

  void read_feed(P::FeedContext* context, ast::Test& test) {
    for (P::SeriesContext* each : context->series()) {
      ast::Series series;
      series.subject = name(each->name().back());
      if (each->DOT() != nullptr) series.arm = name(each->name(0));
      finish(series, each, each->valueOf(), each->only(), each->seriesPart());
      test.feeds.push_back(std::move(series));
    }
    if (P::ArmSeriesContext* each = context->armSeries()) {
      ast::Series series;
      series.arm = name(each->BASELINE() != nullptr ? each->BASELINE() : each->CANDIDATE());
      series.subject = name(each->name());
      finish(series, each, each->valueOf(), each->only(), each->seriesPart());
      test.feeds.push_back(std::move(series));
    }
  }

  void finish(ast::Series& series, const ParserRuleContext* context, P::ValueOfContext* value,
              const std::vector<P::OnlyContext*>& only,
              const std::vector<P::SeriesPartContext*>& parts) {
    series.span = span(context);
    series.target_span =
        join(series.arm ? series.arm->span : series.subject.span, series.subject.span);
    if (value != nullptr) {
      series.value = string(value->STRING());
      series.target_span = join(series.target_span, span(value));
    }
    for (P::OnlyContext* each : only) {
      series.only.push_back(ast::Only{name(each->name()), string(each->STRING())});
      series.target_span = join(series.target_span, span(each));
    }
    for (P::SeriesPartContext* each : parts) series.parts.push_back(read_part(each));
  }

  ast::SeriesPart read_part(P::SeriesPartContext* context) {
    ast::SeriesPart made;
    made.span = span(context);
    std::vector<TerminalNode*> quantities = context->QUANTITY();
    made.ramp = context->OVER() != nullptr;
    if (made.ramp || context->FOR() != nullptr) {
      made.length = quantity(quantities.back());
      quantities.pop_back();
    }
    if (context->name() != nullptr) made.word = name(context->name());
    if (!quantities.empty()) made.low = quantity(quantities[0]);
    if (quantities.size() > 1) made.high = quantity(quantities[1]);
    return made;
  }

  ast::Expectation read_expectation(P::ExpectationContext* context) {
    ast::Expectation made;
    made.span = span(context);
    made.none = context->NO() != nullptr;
    const bool named_because = context->BECAUSE() != nullptr && context->STRING() == nullptr;
    const std::vector<P::NameContext*> names = context->name();
    if (names.size() > (named_because ? 1u : 0u)) made.kind = name(names.front());
    if (named_because) made.because_name = name(names.back());
    if (context->STRING() != nullptr) made.because_text = string(context->STRING());
    if (context->place() != nullptr) made.place = read_place(context->place());
    for (P::TestTimeContext* each : context->testTime()) {
      ast::TestTime time{each->WITHIN() != nullptr, quantity(each->QUANTITY()),
                         ast::Moment::start, span(each)};
      if (each->moment() != nullptr) time.moment = moment(each->moment());
      made.times.push_back(std::move(time));
    }
    return made;
  }

  static ast::Moment moment(P::MomentContext* context) {
    if (context->START() != nullptr) return ast::Moment::start;
    if (context->FIRST() != nullptr) return ast::Moment::first_change;
    return context->LAST() != nullptr ? ast::Moment::last_change : ast::Moment::change;
  }
};

}  // namespace rel::syntax
