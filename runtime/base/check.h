// REL_CHECK: an invariant of ours. It stays on in release builds: a broken invariant stops the
// process with the place and the condition, because every state after it would be a guess.
#pragma once

namespace rel {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace rel

#define REL_CHECK(condition)                                      \
  (static_cast<bool>(condition) ? static_cast<void>(0)            \
                                : ::rel::check_failed(#condition, __FILE__, __LINE__))
