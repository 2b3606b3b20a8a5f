#include "runtime/stage/tick_record.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "runtime/base/check.h"
#include "runtime/stage/state_bytes.h"

namespace rel {
namespace {

// A whole record every minute: a reader that begins in the middle finds one soon.
constexpr uint32_t whole_every = 600;
constexpr size_t record_bytes_max = 4u << 20;
constexpr int flag_whole = 1;
constexpr int flag_ready = 2;
constexpr int flag_back = 4;

template <typename T>
void put(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_number(std::string& bytes, uint64_t value) {
  while (value >= 0x80) {
    bytes.push_back(static_cast<char>((value & 0x7f) | 0x80));
    value >>= 7;
  }
  bytes.push_back(static_cast<char>(value));
}

// Reads within a record; after a failure everything is zero.
struct Cursor {
  std::string_view rest;
  bool failed = false;

  template <typename T>
  T take() {
    T value{};
    if (rest.size() < sizeof value) {
      failed = true;
      return value;
    }
    std::memcpy(static_cast<void*>(&value), rest.data(), sizeof value);
    rest.remove_prefix(sizeof value);
    return value;
  }
  uint64_t number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = take<uint8_t>();
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    failed = true;
    return 0;
  }
  std::string_view text(size_t size) {
    if (rest.size() < size) {
      failed = true;
      return {};
    }
    const std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(size);
    return taken;
  }
};

bool same_bits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

}  // namespace

// -- writing

TickWriter::TickWriter(const Plan& plan)
    : plan_(plan),
      hash_(plan_hash(plan)),
      values_(plan.frame_size),
      causes_(plan.frame_size),
      samples_(plan.frame_size) {}

void TickWriter::begin(const EngineState& state, int64_t now_ns) {
  now_ns_ = now_ns;
  before_.clear();
  append_state(before_, plan_, state);
  whole_ = whole_due_ || before_ != after_ || since_whole_ >= whole_every;
  events_.clear();
  event_count_ = 0;
}

void TickWriter::event(const HostEvent& event) {
  put(events_, event);
  ++event_count_;
}

std::string_view TickWriter::finish(const EvidenceSource& frame, const SetPeers& peers,
                                    const EngineState& after) {
  bytes_.assign(tick_record_head, '\0');
  const int flags =
      (whole_ ? flag_whole : 0) | (peers.ready ? flag_ready : 0) | (peers.back ? flag_back : 0);
  put(bytes_, static_cast<uint8_t>(flags));
  put(bytes_, now_ns_);
  put(bytes_, XXH64(before_.data(), before_.size(), 0));
  if (whole_) {
    put(bytes_, hash_);
    put_number(bytes_, before_.size());
    bytes_ += before_;
  }
  put_number(bytes_, event_count_);
  bytes_ += events_;
  uint64_t changes = 0;
  std::string& changed = events_;  // its bytes have been copied
  changed.clear();
  for (uint32_t i = 0; i < plan_.frame_size; ++i) {
    const bool same = !whole_ && same_bits(frame.values[i], values_[i]) &&
                      frame.causes[i] == causes_[i] && frame.samples[i] == samples_[i];
    if (same) continue;
    ++changes;
    put_number(changed, i);
    put(changed, frame.values[i]);
    put(changed, frame.causes[i]);
    put_number(changed, frame.samples[i]);
  }
  put_number(bytes_, changes);
  bytes_ += changed;
  std::copy_n(frame.values.begin(), plan_.frame_size, values_.begin());
  std::copy_n(frame.causes.begin(), plan_.frame_size, causes_.begin());
  std::copy_n(frame.samples.begin(), plan_.frame_size, samples_.begin());
  since_whole_ = whole_ ? 0 : since_whole_ + 1;
  whole_due_ = false;
  after_.clear();
  append_state(after_, plan_, after);

  const auto length = static_cast<uint32_t>(bytes_.size() - tick_record_head);
  const uint64_t checksum = XXH64(bytes_.data() + tick_record_head, length, length);
  std::memcpy(bytes_.data(), &length, sizeof length);
  std::memcpy(bytes_.data() + sizeof length, &checksum, sizeof checksum);
  return bytes_;
}

// -- reading

TickReader::TickReader(const Plan& plan)
    : plan_(plan), values_(plan.frame_size), causes_(plan.frame_size), samples_(plan.frame_size) {}

Result<bool> TickReader::next(std::string_view& bytes, TickInput& tick) {
  Cursor head{bytes};
  const uint32_t length = head.take<uint32_t>();
  const uint64_t checksum = head.take<uint64_t>();
  if (head.failed || head.rest.size() < length) return false;
  if (length > record_bytes_max ||
      XXH64(head.rest.data(), length, length) != checksum) {
    return Error{"a recorded tick is damaged"};
  }
  Cursor record{head.text(length)};
  const uint8_t flags = record.take<uint8_t>();
  tick.whole = (flags & flag_whole) != 0;
  tick.peers = {.ready = (flags & flag_ready) != 0, .back = (flags & flag_back) != 0};
  tick.now_ns = record.take<int64_t>();
  tick.state_checksum = record.take<uint64_t>();
  if (tick.whole) {
    tick.plan_hash = record.take<uint64_t>();
    const std::string_view state = record.text(record.number());
    if (record.failed) return Error{"a recorded tick has no state"};
    Result<EngineState> decoded = decode_state(plan_, state);
    if (!decoded) return decoded.error();
    tick.state = *decoded;
  }
  tick.events.clear();
  for (uint64_t left = record.number(); left > 0 && !record.failed; --left) {
    tick.events.push_back(record.take<HostEvent>());
  }
  for (uint64_t left = record.number(); left > 0 && !record.failed; --left) {
    const uint64_t index = record.number();
    const double value = record.take<double>();
    const uint8_t cause = record.take<uint8_t>();
    const uint64_t samples = record.number();
    if (record.failed || index >= plan_.frame_size) {
      return Error{"a recorded tick is not of this plan"};
    }
    values_[index] = value;
    causes_[index] = cause;
    samples_[index] = samples;
  }
  if (record.failed || !record.rest.empty()) return Error{"a recorded tick has another form"};
  bytes = head.rest;
  return true;
}

}  // namespace rel
