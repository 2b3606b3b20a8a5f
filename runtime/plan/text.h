// Numbers of a plan as a policy would write them, for plan listings, decisions and diagnostics.
// Input: a value in base units. Output: text, stable and without locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/plan/plan.h"

namespace rel {

// Every nanosecond of it: 90'000'000'000 -> "1m30s", 300'000'000 -> "300ms", 0 -> "0s".
std::string exact_duration_text(int64_t ns);

// Millionths as a share: 100'000 -> "10%", 5'000 -> "0.5%".
std::string share_text(uint32_t millionths);

// A number in base units: (0.3, seconds) -> "300ms", (0.02, ratio) -> "2%", (0.02, points) ->
// "2pp".
std::string number_text(double value, PlanUnit unit);

// "seconds", "ratio" ...; the `unit` of evidence in decisions.
std::string_view unit_word(PlanUnit unit);

// What makes a condition a sustained one: "for 2m", "4 of 6 every 5m", "until", "keep last 1m".
std::string sustain_text(const Sustain& sustain);

// A double quoted policy string with its escapes.
std::string quoted_text(std::string_view text);

// The part of the population that a cell is: `region=eu`, `region=eu age_band=41+`; empty for
// everybody.
std::string cell_text(const Plan& plan, uint32_t cell);
// The same for a sentence: `region eu`, `region eu x age_band 41+`.
std::string cell_words(const Plan& plan, uint32_t cell);
// What one sample of a metric is: "per request", "per label within 3d, absent is missing".
std::string sample_unit_text(const Metric& metric);

std::string_view arm_name(Arm arm);
std::string_view action_name(TriggerAction action);
std::string_view action_kind_name(ActionKind kind);  // "command", "webhook" ...
std::string_view purpose_name(ActionPurpose purpose);
std::string_view subject_kind_name(SubjectKind kind);
std::string_view function_name(AggregateFn fn);
std::string_view method_name(TestMethod method);
std::string_view fold_name(TestFold fold);
std::string_view op_name(Op op);  // "constant", "add", ...

}  // namespace rel
