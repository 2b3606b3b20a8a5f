// The sections a report's template can name, `{{ trigger }}`: read by the compiler, which refuses
// others, and by the report.
#pragma once

#include <array>
#include <string_view>

namespace rel {

inline constexpr std::array<std::string_view, 10> report_sections = {
    "title",    "summary",  "facts",    "trigger", "plots",
    "affected", "timeline", "way_back", "told",    "questions",
};

// A report without a template of the policy's.
inline constexpr std::string_view report_layout = R"(# {{ title }}

{{ summary }}

{{ facts }}

## The trigger

{{ trigger }}

## Over time

{{ plots }}

## What was affected

{{ affected }}

## Timeline

{{ timeline }}

## The way back

{{ way_back }}

## Who was told

{{ told }}

## Open questions

{{ questions }}
)";

// ... of a release that has not gone back: what there is to say of it.
inline constexpr std::string_view progress_layout = R"(# {{ title }}

{{ summary }}

{{ facts }}

## Over time

{{ plots }}

## What was affected

{{ affected }}

## Timeline

{{ timeline }}
)";

}  // namespace rel
