#include "runtime/joins/join_record.h"

#include <bit>
#include <cstring>
#include <type_traits>

#include <xxhash.h>

namespace rel {
namespace {

enum class RecordKind : uint8_t { request = 1, label, matured, stage };

struct BatchHead {
  uint32_t size = 0;
  uint32_t reserved = 0;
  uint64_t checksum = 0;
};
static_assert(sizeof(BatchHead) == 16 && std::endian::native == std::endian::little);

template <typename T>
void put(std::string& bytes, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Takes values off the front; a record that is too short leaves it `failed`.
class Front {
 public:
  explicit Front(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T get() {
    T value{};
    if (bytes_.size() < sizeof value) {
      failed_ = true;
      bytes_ = {};
      return value;
    }
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }
  bool more() const { return !failed_ && !bytes_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

Observation get_request(const Plan& plan, Front& front) {
  Observation request;
  request.time_ns = front.get<int64_t>();
  request.arm = static_cast<LaneArm>(front.get<uint8_t>() % lane_arms);
  for (size_t s = 0; s < plan.segments.size(); ++s) request.segment[s] = front.get<uint8_t>();
  request.id = front.get<uint64_t>();
  request.user = front.get<uint64_t>();
  request.session = front.get<uint64_t>();
  request.present = front.get<uint32_t>();
  for (uint32_t left = request.present; left != 0; left &= left - 1) {
    request.value[std::countr_zero(left)] = front.get<double>();
  }
  return request;
}

LabelEvent get_label(const Plan& plan, Front& front) {
  LabelEvent label;
  label.time_ns = front.get<int64_t>();
  label.id = front.get<uint64_t>();
  label.user = front.get<uint64_t>();
  label.session = front.get<uint64_t>();
  label.metric = front.get<uint8_t>() % static_cast<uint32_t>(plan.metrics.size());
  label.value = front.get<double>();
  return label;
}

void read_records(const Plan& plan, std::string_view records, const JoinReader& reader) {
  Front front(records);
  while (front.more()) {
    switch (static_cast<RecordKind>(front.get<uint8_t>())) {
      case RecordKind::request: {
        Observation request = get_request(plan, front);
        if (!front.failed()) reader.request(request);
        break;
      }
      case RecordKind::label: {
        const LabelEvent label = get_label(plan, front);
        if (!front.failed()) reader.label(label);
        break;
      }
      case RecordKind::matured: {
        const auto now_ns = front.get<int64_t>();
        if (!front.failed()) reader.matured(now_ns);
        break;
      }
      case RecordKind::stage: {
        const auto stage = front.get<uint32_t>();
        if (!front.failed()) reader.stage(StageId{stage});
        break;
      }
      default: return;  // rel: of a later version
    }
  }
}

// The first batch, without its head; nothing: it is not whole.
std::string_view first_batch(std::string_view bytes) {
  BatchHead head;
  if (bytes.size() < sizeof head) return {};
  std::memcpy(&head, bytes.data(), sizeof head);
  if (head.size == 0 || bytes.size() - sizeof head < head.size) return {};
  const std::string_view records = bytes.substr(sizeof head, head.size);
  return XXH3_64bits(records.data(), records.size()) == head.checksum ? records
                                                                      : std::string_view{};
}

}  // namespace

void JoinRecorder::request(const Observation& request) {
  put(records_, RecordKind::request);
  put(records_, request.time_ns);
  put(records_, request.arm);
  for (size_t s = 0; s < segments_; ++s) put(records_, request.segment[s]);
  put(records_, request.id);
  put(records_, request.user);
  put(records_, request.session);
  const uint32_t present = request.present & metrics_;
  put(records_, present);
  for (uint32_t left = present; left != 0; left &= left - 1) {
    put(records_, request.value[std::countr_zero(left)]);
  }
}

void JoinRecorder::label(const LabelEvent& label) {
  put(records_, RecordKind::label);
  put(records_, label.time_ns);
  put(records_, label.id);
  put(records_, label.user);
  put(records_, label.session);
  put(records_, static_cast<uint8_t>(label.metric));
  put(records_, label.value);
}

void JoinRecorder::matured(int64_t now_ns) {
  put(records_, RecordKind::matured);
  put(records_, now_ns);
}

void JoinRecorder::stage(StageId stage) {
  put(records_, RecordKind::stage);
  put(records_, stage.value);
}

void JoinRecorder::take(std::string& bytes) {
  if (records_.empty()) return;
  put(bytes, BatchHead{static_cast<uint32_t>(records_.size()), 0,
                       XXH3_64bits(records_.data(), records_.size())});
  bytes += records_;
  records_.clear();
}

size_t whole_join_batches(std::string_view bytes) {
  size_t at = 0;
  for (std::string_view batch = first_batch(bytes); !batch.empty();
       batch = first_batch(bytes.substr(at))) {
    at += sizeof(BatchHead) + batch.size();
  }
  return at;
}

void read_join_batches(const Plan& plan, std::string_view bytes, const JoinReader& reader) {
  for (std::string_view batch = first_batch(bytes); !batch.empty(); batch = first_batch(bytes)) {
    read_records(plan, batch, reader);
    bytes.remove_prefix(sizeof(BatchHead) + batch.size());
  }
}

}  // namespace rel
