// What the opaque handles of rel.h are, and how the C API reports errors. Internal to capi/.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "rel/rel.h"
#include "runtime/plan/plan.h"
#include "runtime/runtime.h"

struct rel_plan {
  rel::Plan plan;
  uint64_t hash = 0;
};

struct rel_engine {
  const rel_plan* plan = nullptr;
  std::unique_ptr<rel::Runtime> runtime;
  std::atomic<bool> unjournaled{false};
};

struct rel_worker {
  rel_engine* engine = nullptr;
  uint32_t shard = 0;
};

namespace rel::capi {

// Fills `error` (which may be null) and gives its status back.
rel_status report(rel_error* error, rel_status status, std::string_view message);

// Runs `body`, which may throw only by running out of memory, at the edge of the C API.
template <typename Body>
rel_status guarded(rel_error* error, Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return report(error, REL_EXHAUSTED, "out of memory");
  }
}

inline std::string_view view(rel_str text) {
  return text.ptr == nullptr ? std::string_view{} : std::string_view{text.ptr, text.len};
}
inline rel_str borrowed(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace rel::capi
