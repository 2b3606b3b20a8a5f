// The syntax of what is expected: a model's `expect { }` block, and `test` blocks. As written,
// nothing resolved; part of the tree of a file (ast.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/syntax/ast_values.h"

namespace rel::ast {

// `traffic 120/s`, `latency.p99 95ms`, `region."eu" 45%`
struct ExpectedFact {
  Name subject;
  std::optional<Name> part;
  Quantity value;
  Span span;
};

struct Expected {
  std::vector<ExpectedFact> facts;
  Span span;
};

// `in canary at 25%`: either part may be left out.
struct Place {
  std::optional<Name> stage;
  std::optional<Quantity> share;
  Span span;
};

struct Given {
  Name release;
  std::optional<Place> place;
  std::optional<String> from;  // the time of the start, RFC 3339
  Span span;
};

// `80ms for 10m`, `1%..5% over 30m`, `none for 5m`
struct SeriesPart {
  std::optional<Name> word;  // none, ok, failed; else a quantity or a range
  Quantity low;
  std::optional<Quantity> high;
  std::optional<Quantity> length;
  bool ramp = false;  // `over`: from the first value to the second
  Span span;
};

// `in region "us"`
struct Only {
  Name segment;
  String value;
};

struct Series {
  std::optional<Name> arm;
  Name subject;  // a metric, `traffic` or `source`
  std::optional<String> value;  // of a category: `finish."refusal"`
  std::vector<Only> only;
  std::vector<SeriesPart> parts;
  Span target_span;  // `candidate.failed in region "us"`
  Span span;
};

enum class Moment : uint8_t { start, change, first_change, last_change };

// `within 6m of the change`, `after 10m`
struct TestTime {
  bool within = false;
  Quantity length;
  Moment moment = Moment::start;
  Span span;
};

// `no rolled_back in canary at 25% within 6m of the change because failed`
struct Expectation {
  bool none = false;
  std::optional<Name> kind;  // of a decision; without one it is about where the release stands
  std::optional<Place> place;
  std::vector<TestTime> times;
  std::optional<Name> because_name;
  std::optional<String> because_text;
  Span span;
};

struct Test {
  String name;
  std::optional<Given> given;
  std::vector<Series> feeds;
  std::vector<Expectation> expectations;
  bool incomplete = false;
  Span span;
};

}  // namespace rel::ast
