// The bytes of decisions and engine states in the journal: the plain structs as they stand in
// memory, without the unused tail, under a checksum. `layout_text` names their sizes; a journal of
// another layout is refused, never reinterpreted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/plan/plan.h"
#include "runtime/stage/decision.h"
#include "runtime/stage/engine.h"
#include "runtime/stage/state_bytes.h"

namespace rel {

std::string encode_decision(const Decision& decision);
Result<Decision> decode_decision(std::string_view bytes);

// What a reader must agree with before it decodes anything.
std::string layout_text();

// Checksum of a row: XXH64 over its parts, each preceded by its length, so that moving a byte from
// one column to the next is seen.
class RowChecksum {
 public:
  RowChecksum& add(int64_t value);
  RowChecksum& add(std::string_view bytes);
  int64_t value() const { return static_cast<int64_t>(hash_); }

 private:
  uint64_t hash_ = 0;
};

}  // namespace rel
