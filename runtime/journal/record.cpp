#include "runtime/journal/record.h"

#include <xxhash.h>

#include <bit>
#include <cstddef>
#include <cstring>

#include <fmt/core.h>

#include "runtime/base/check.h"
#include "runtime/evidence/state.h"

namespace rel {
namespace {

constexpr size_t decision_head = offsetof(Decision, evidence);

void append(std::string& bytes, const void* data, size_t size) {
  bytes.append(static_cast<const char*>(data), size);
}

bool known_decision(const Decision& decision) {
  return decision.kind <= DecisionKind::unquarantined &&
         decision.reason <= Reason::set_went_back;
}

}  // namespace

std::string encode_decision(const Decision& decision) {
  REL_CHECK(decision.evidence_count <= limits::evidence_max);
  std::string bytes;
  append(bytes, &decision, decision_head);
  append(bytes, decision.evidence, decision.evidence_count * sizeof(Evidence));
  return bytes;
}

Result<Decision> decode_decision(std::string_view bytes) {
  Decision decision;
  if (bytes.size() < decision_head) return Error{"a decision is cut short"};
  std::memcpy(static_cast<void*>(&decision), bytes.data(), decision_head);
  const std::string_view rest = bytes.substr(decision_head);
  if (decision.evidence_count > limits::evidence_max ||
      rest.size() != decision.evidence_count * sizeof(Evidence) || !known_decision(decision)) {
    return Error{"a decision does not have the form of this version"};
  }
  if (!rest.empty()) std::memcpy(decision.evidence, rest.data(), rest.size());
  return decision;
}

std::string layout_text() {
  return fmt::format("decision {} evidence {} state {} sustain {} trigger {} test {} cell {} "
                     "hand {} {}",
                     decision_head, sizeof(Evidence), state_head_bytes, sizeof(SustainState),
                     sizeof(TriggerState), sizeof(TestEvidence), sizeof(CellEvidence),
                     sizeof(HandCommand),
                     std::endian::native == std::endian::little ? "little" : "big");
}

RowChecksum& RowChecksum::add(int64_t value) {
  hash_ = XXH64(&value, sizeof value, hash_);
  return *this;
}

RowChecksum& RowChecksum::add(std::string_view bytes) {
  add(static_cast<int64_t>(bytes.size()));
  hash_ = XXH64(bytes.data(), bytes.size(), hash_);
  return *this;
}

}  // namespace rel
