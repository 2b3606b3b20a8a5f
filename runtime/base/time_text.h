// Points in time and durations as text: RFC 3339 for programs, `1h30m` for people.
// Times are nanoseconds since the Unix epoch, UTC; leap seconds do not exist in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rel {

// `2026-03-01T12:00:00.123Z`: UTC with milliseconds, what is below them cut off.
std::string rfc3339_text(int64_t time_ns);

// Reads `2026-03-01T12:00:00.123456789Z` or an offset such as `+02:00`; digits below nanoseconds
// are cut off. Nothing for any other form, a date that does not exist, a leap second, or a year
// outside 1970 to 2261.
std::optional<int64_t> parse_rfc3339(std::string_view text);

// As policies write it: `350ms`, `2s`, `2.5s`, `1m30s`, `14d`; rounded to milliseconds from one
// millisecond on.
std::string duration_text(int64_t duration_ns);

}  // namespace rel
