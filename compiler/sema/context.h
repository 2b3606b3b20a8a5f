// What every part of sema works with. Input and output of the parts go through it; it owns nothing
// but the names already complained about.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "compiler/sema/scope.h"
#include "compiler/sema/typed.h"

namespace rel::sema {

// A parameter of the definition that is being written out, with its value.
struct Bound {
  std::string_view name;
  Amount amount;
  Span declared;
};

struct Context {
  const Sources& sources;
  const Scope& scope;
  TypedPolicy& policy;
  Diagnostics& diagnostics;
  std::set<std::string>& complained;  // unknown names already reported to `diagnostics`
  const ast::File* root = nullptr;    // the file that is compiled
  std::span<const Bound> bound = {};  // what parameters in quantities stand for

  // Whether an undeclared name is news: it is reported once, and not when its declaration could not
  // be parsed.
  bool is_news(const std::string& name) const {
    return !scope.may_exist(name) && complained.insert(name).second;
  }
};

// ---- quantities for one place each (quantity.cpp). No value: reported.

// The amount as written, whatever its unit.
std::optional<Amount> read_amount(const Context& context, const ast::Quantity& quantity);
// Whole nanoseconds within the limits; `what` reads after "this is": "the length of a window".
std::optional<Time> read_time(const Context& context, const ast::Quantity& quantity,
                              std::string_view what);
// A percentage above 0 % and up to 100 %, in whole millionths.
std::optional<Share> read_share(const Context& context, const ast::Quantity& quantity,
                                std::string_view what);
// A whole number from 1.
std::optional<uint32_t> read_count(const Context& context, const ast::Quantity& quantity,
                                   std::string_view what);

// ---- declarations (declarations.cpp): fill the tables of the policy

void check_models(const Context& context);
void check_metrics(const Context& context);
void check_segments(const Context& context);
// `expect { }` of every model (model_expect.cpp): after the conditions, whose values of categories
// it may name.
void check_expected(const Context& context);
// `test` blocks (tests.cpp): after the releases.
void check_tests(const Context& context);

std::optional<uint32_t> find_metric(const TypedPolicy& policy, std::string_view name);
std::optional<uint32_t> find_segment(const TypedPolicy& policy, std::string_view name);
std::optional<uint32_t> find_model(const TypedPolicy& policy, std::string_view name);

// ---- releases (release.cpp, stage.cpp)

class Conditions;
void check_release(const Context& context, Conditions& conditions, const ast::Release& release);
// A release with the base policy it extends (base_policy.cpp); what loosens it is reported.
ast::Release with_base(const Context& context, const ast::Release& release);
// The stages of a release, in order, into `typed`.
void check_stages(const Context& context, Conditions& conditions, const ast::Release& release,
                  TypedRelease& typed);
// What the release does while it does not know (unknown.cpp): its own block, once its triggers and
// stages are known, and those that stand inside.
void check_unknown(const Context& context, const ast::Release& release, TypedRelease& typed);
void check_stage_unknown(const Context& context, const ast::Unknown& unknown, TypedStage& typed);
void check_trigger_unknown(const Context& context, const ast::Trigger& trigger,
                           TypedTrigger& typed);
// What of a sustained condition depends on the trigger it is of (temporal.cpp).
void settle_temporal(const Context& context, TypedTrigger& typed);
// Whether the share that `after 10m at 25%` waits for is reached (temporal.cpp).
void check_after_share(const Context& context, const TypedTrigger& trigger,
                       const std::vector<TypedStage>& stages);
// The checklist of a release, and the reviews of a stage (gates.cpp).
void check_require(const Context& context, Conditions& conditions, const ast::Release& release,
                   TypedRelease& typed);
void check_reviews(const Context& context, const ast::Stage& stage, TypedStage& typed);
// Statistical comparisons of a release that is sticky (unit_of_analysis.cpp).
void check_unit_of_analysis(const Context& context, const TypedRelease& release);
std::optional<TypedTrigger> check_trigger(const Context& context, Conditions& conditions,
                                          const ast::Trigger& trigger);

// ---- what a stage is made of

// linear, weights and blue_green (strategies.cpp): the steps, the mirror and the holdback.
void check_ramp(const Context& context, const ast::Stage& stage, TypedStage& typed);
void check_weights(const Context& context, const ast::Stage& stage, TypedStage& typed);
void check_switch(const Context& context, const ast::Stage& stage, TypedStage& typed);

// What comes after the way up, and steps that wait for samples (strategies.cpp).
enum class StagePlace : uint8_t { before_others, last };
void check_waits(const Context& context, const ast::Stage& stage, StagePlace place,
                 TypedStage& typed);

// The windows in which exposure may grow (calendar.cpp).
std::vector<TypedIncreaseWindow> check_increases(const Context& context,
                                                 const std::vector<ast::Increase>& increases);

// Named triggers of a stage against those of the release (redeclared.cpp).
void check_names(const Context& context, const std::vector<TypedTrigger>& triggers);
void check_redeclared(const Context& context, const TypedStage& stage, uint32_t index,
                      std::vector<TypedTrigger>& release);

}  // namespace rel::sema
