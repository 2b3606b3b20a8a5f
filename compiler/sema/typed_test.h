// `test` blocks with every name resolved: part of TypedPolicy (typed.h). Times are nanoseconds
// since the start of the test, numbers in base units. Read by the test runner (compiler/testing).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/source/source.h"
#include "runtime/plan/plan.h"
#include "runtime/stage/decision.h"

namespace rel::sema {

enum class SeriesOf : uint8_t { traffic, metric, source };

enum class PartKind : uint8_t {
  spread,  // values from `low` to `high`, spread evenly; the same: a constant
  ramp,    // from `low` at its start to `high` at its end
  none,    // nothing comes
  ok,      // of the source
  failed,  // of the source
};

// In force in [from_ns, to_ns); the last one of a series has no end, a ramp keeps its end value.
struct TypedPart {
  PartKind kind = PartKind::spread;
  double low = 0;
  double high = 0;
  int64_t from_ns = 0;
  int64_t to_ns = 0;      // where its length ends; for the last part without one, from_ns
  bool is_last = false;
};

struct TypedSeries {
  SeriesOf of = SeriesOf::metric;
  uint32_t metric = 0;     // row of TypedPolicy::metrics
  std::optional<Arm> arm;  // none: both
  std::vector<std::pair<uint32_t, uint32_t>> only;  // segment row, value index
  std::vector<TypedPart> parts;
  Span span;
};

// What an expectation says must have happened, or (without a kind) where the release must stand.
struct TypedExpectation {
  bool none = false;
  std::optional<DecisionKind> kind;
  std::optional<uint32_t> stage;             // row of the release's stages
  std::optional<uint32_t> share_millionths;
  std::optional<int64_t> from_ns;            // not before; where it stands: then
  std::optional<int64_t> to_ns;              // not after
  std::string because;                       // a name, or a part of the sentence
  bool because_is_name = false;
  Span span;
};

struct TypedTest {
  std::string name;
  uint32_t release = 0;  // row of TypedPolicy::releases
  std::optional<uint32_t> stage;
  uint32_t step = 0;
  std::optional<int64_t> start_ns;       // since the Unix epoch; none: the runner's
  std::vector<TypedSeries> feeds;
  std::vector<int64_t> changes_ns;       // when a series goes on to another part, rising
  std::vector<TypedExpectation> expectations;
  Span name_span;
  Span span;
};

}  // namespace rel::sema
