// One line at a time: parse, unwrap the envelope, read the fields in the order they stand, then
// check what must be there. The first thing that is wrong is the reason.
#include "runtime/sources/event_decoder.h"

#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <simdjson.h>
#include <xxhash.h>

#include "runtime/base/check.h"
#include "runtime/base/time_text.h"
#include "runtime/sources/quantity_reader.h"
#include "runtime/sources/seen_ids.h"

namespace rel {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

enum class Variant : uint8_t { absent, baseline, candidate };
enum class Lane : uint8_t { absent, live, shadow };

// A reason why the line is refused; empty when it is not.
using Refusal = std::string;

// What a line said, before it is judged as a whole.
struct Fields {
  std::string_view type;
  std::optional<int64_t> time_ns;
  std::string id;
  Variant variant = Variant::absent;
  Lane lane = Lane::absent;
  std::optional<bool> ok;
  std::string_view reason;
  Observation observation;
  uint64_t unknown_fields = 0;
  uint64_t other_segments = 0;
};

std::string_view kind_of(const element& value) {
  switch (value.type()) {
    case element_type::ARRAY: return "an array";
    case element_type::OBJECT: return "an object";
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE: return "a number";
    case element_type::STRING: return "a string";
    case element_type::BOOL: return "true or false";
    case element_type::NULL_VALUE: return "null";
  }
  REL_CHECK(false);
}

Refusal ill_typed(std::string_view name, const element& value, std::string_view wanted) {
  return fmt::format("`{}` is {}; it must be {}", name, kind_of(value), wanted);
}

Refusal read_string(std::string_view name, const element& value, std::string_view& out) {
  if (value.get(out) == simdjson::SUCCESS) return {};
  return ill_typed(name, value, "a string");
}

Refusal read_time(const element& value, Fields& fields) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return ill_typed("time", value, "an RFC 3339 string");
  fields.time_ns = parse_rfc3339(text);
  if (fields.time_ns) return {};
  return fmt::format("`time` is \"{}\"; it must be RFC 3339, such as \"2026-03-01T12:00:00.123Z\"",
                     text.substr(0, 64));
}

Refusal read_id(std::string_view name, const element& value, Fields& fields) {
  std::string id;
  std::string_view text;
  int64_t number = 0;
  if (value.get(text) == simdjson::SUCCESS) id = text;
  else if (value.get(number) == simdjson::SUCCESS) id = std::to_string(number);
  else return ill_typed(name, value, "a string");
  if (id.empty()) return fmt::format("`{}` is empty", name);
  if (id.size() > limits::event_id_bytes_max) {
    return fmt::format("`{}` is {} bytes long, at most {} are allowed", name, id.size(),
                       limits::event_id_bytes_max);
  }
  if (!fields.id.empty() && fields.id != id) {
    return fmt::format("`{}` is \"{}\" where another id field says \"{}\"", name, id, fields.id);
  }
  fields.id = std::move(id);
  return {};
}

Refusal read_variant(const element& value, Fields& fields) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    if (text == "baseline") fields.variant = Variant::baseline;
    if (text == "candidate") fields.variant = Variant::candidate;
  }
  if (fields.variant != Variant::absent) return {};
  return "`variant` must be \"baseline\" or \"candidate\"";
}

Refusal read_lane(const element& value, Fields& fields) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    if (text == "live") fields.lane = Lane::live;
    if (text == "shadow") fields.lane = Lane::shadow;
  }
  if (fields.lane != Lane::absent) return {};
  return "`lane` must be \"live\" or \"shadow\"";
}

Refusal read_ok(const element& value, Fields& fields) {
  bool ok = false;
  if (value.get(ok) != simdjson::SUCCESS) return ill_typed("ok", value, "true or false");
  fields.ok = ok;
  return {};
}

uint8_t value_index(const Plan& plan, const Segment& segment, std::string_view value) {
  for (uint32_t i = 0; i < segment.values.count; ++i) {
    const StringId text = plan.segment_values[segment.values.at(i).value];
    if (plan.text(text) == value) return static_cast<uint8_t>(i);
  }
  return static_cast<uint8_t>(segment.values.count);
}

Refusal read_segments(const Plan& plan, const element& value, Fields& fields) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return ill_typed("segment", value, "an object");
  for (const auto& field : object) {
    std::string_view text;
    if (field.value.get(text) != simdjson::SUCCESS) {
      return ill_typed(fmt::format("segment.{}", field.key), field.value, "a string");
    }
    bool known = false;
    for (size_t s = 0; s < plan.segments.size(); ++s) {
      const Segment& segment = plan.segments[s];
      if (plan.text(segment.name) != field.key) continue;
      known = true;
      fields.observation.segment[s] = value_index(plan, segment, text);
      fields.other_segments += fields.observation.segment[s] == segment.values.count ? 1 : 0;
    }
    fields.unknown_fields += known ? 0 : 1;
  }
  return {};
}

Refusal read_flag(std::string_view name, const element& value, double& out) {
  bool flag = false;
  if (value.get(flag) != simdjson::SUCCESS) return ill_typed(name, value, "true or false");
  out = flag ? 1 : 0;
  return {};
}

Refusal read_quantity(std::string_view name, PlanUnit unit, const element& value, double& out) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    const auto quantity = parse_quantity(text, unit);
    if (!quantity) {
      return fmt::format("`{}` is \"{}\"; it must be {}", name, text.substr(0, 64),
                         quantity_example(unit));
    }
    out = *quantity;
    return {};
  }
  // Integers are taken as the nearest double, like every other number.
  if (value.get(out) != simdjson::SUCCESS) return ill_typed(name, value, quantity_example(unit));
  return std::isfinite(out) ? Refusal{} : fmt::format("`{}` is not a finite number", name);
}

// A text: which of the values that the plan counts it is.
Refusal read_category(const Plan& plan, uint32_t index, const element& value, Fields& fields) {
  std::string_view text;
  Refusal refusal = read_string(plan.text(plan.metrics[index].name), value, text);
  if (!refusal.empty()) return refusal;
  fields.observation.value[index] = 0;
  fields.observation.present |= uint32_t{1} << index;
  for (uint32_t m = 0; m < plan.metrics.size(); ++m) {
    if (plan.metrics[m].of.value != index) continue;
    fields.observation.value[m] = plan.text(plan.metrics[m].match) == text ? 1 : 0;
    fields.observation.present |= uint32_t{1} << m;
  }
  return {};
}

Refusal read_metric(const Plan& plan, uint32_t index, const element& value, Fields& fields) {
  const Metric& metric = plan.metrics[index];
  const std::string_view name = plan.text(metric.name);
  const uint32_t bit = uint32_t{1} << index;
  if (fields.observation.present & bit) return fmt::format("`{}` stands twice", name);
  double& out = fields.observation.value[index];
  if (metric.kind == MetricKind::category) return read_category(plan, index, value, fields);
  Refusal refusal = metric.kind == MetricKind::flag
                        ? read_flag(name, value, out)
                        : read_quantity(name, metric.unit, value, out);
  if (refusal.empty() && metric.kind == MetricKind::duration && out < 0) {
    refusal = fmt::format("`{}` is negative; a duration is not", name);
  }
  if (refusal.empty() && metric.kind == MetricKind::count && (out < 0 || out != std::floor(out))) {
    refusal = fmt::format("`{}` is not a whole number from zero; a count is", name);
  }
  fields.observation.present |= bit;
  return refusal;
}

Refusal read_field(const Plan& plan, std::string_view key, const element& value, Fields& fields) {
  if (key == "type") return read_string(key, value, fields.type);
  if (key == "time") return read_time(value, fields);
  if (key == "id" || key == "request_id" || key == "inference_id" || key == "prediction_id") {
    return read_id(key, value, fields);
  }
  if (key == "variant") return read_variant(value, fields);
  if (key == "lane") return read_lane(value, fields);
  if (key == "segment") return read_segments(plan, value, fields);
  for (uint32_t m = 0; m < plan.metrics.size(); ++m) {
    const Metric& metric = plan.metrics[m];
    if (metric.of.is_none() && plan.text(metric.name) == key) {
      return read_metric(plan, m, value, fields);
    }
  }
  if (key == "ok") return read_ok(value, fields);
  if (key == "reason") return read_string(key, value, fields.reason);
  // Units are counted by what the policy declares `per`, which is requests in this version.
  if (key != "unit") ++fields.unknown_fields;
  return {};
}

// The event itself: the line's object, or `data` of a CloudEvents envelope.
Refusal unwrap(const element& line, simdjson::dom::object& event) {
  if (line.get(event) != simdjson::SUCCESS) {
    return fmt::format("the line is {}, not a JSON object", kind_of(line));
  }
  element version;
  if (event["specversion"].get(version) != simdjson::SUCCESS) return {};
  std::string_view text;
  if (version.get(text) != simdjson::SUCCESS || text != "1.0") {
    return "`specversion` must be \"1.0\"";
  }
  element data;
  if (event["data"].get(data) != simdjson::SUCCESS || data.get(event) != simdjson::SUCCESS) {
    return "a CloudEvents envelope must carry the event as a JSON object in `data`";
  }
  return {};
}

// Lane and variant are hashed as a byte of their own: as a seed they would meet the first bytes of
// a short id, and `6-100` of one arm would be `7-100` of the other.
IdHash hash_of(const Fields& fields) {
  const std::string key = fields.id + static_cast<char>(fields.observation.arm);
  const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
  return {hash.low64, hash.high64};
}

Refusal check_observation(Fields& fields) {
  if (!fields.time_ns) return "there is no `time`";
  if (fields.variant == Variant::absent) {
    return "there is no `variant`: \"baseline\" or \"candidate\"";
  }
  const bool shadow = fields.lane == Lane::shadow;
  if (shadow && fields.variant == Variant::baseline) {
    return "a shadow is the candidate's; this one says \"baseline\"";
  }
  fields.observation.time_ns = *fields.time_ns;
  fields.observation.arm = shadow                                   ? LaneArm::candidate_shadow
                           : fields.variant == Variant::candidate ? LaneArm::candidate_live
                                                                    : LaneArm::baseline_live;
  return {};
}

Refusal check_source(const Fields& fields) {
  if (!fields.time_ns) return "there is no `time`";
  if (!fields.ok) return "there is no `ok`: true or false";
  return {};
}

}  // namespace

struct EventDecoder::Parts {
  const Plan& plan;
  simdjson::dom::parser parser{limits::event_bytes_max};
  SeenIds seen{limits::dedup_horizon_ns, limits::dedup_ids_max};
  EventCounters counters;
  DecodedEvent event;

  Refusal read(std::string_view line);
  Refusal finish(Fields& fields);
  void finish_observation(const Fields& fields);
};

void EventDecoder::Parts::finish_observation(const Fields& fields) {
  event.kind = EventKind::observation;
  event.time_ns = *fields.time_ns;
  if (fields.id.empty()) {
    ++counters.without_id;
  } else if (seen.seen_before(hash_of(fields), event.time_ns)) {
    event.kind = EventKind::duplicate;
    ++counters.duplicates;
    return;
  }
  counters.dedup_overflow = seen.overflow();
  event.observation = fields.observation;
  ++counters.observations;
}

Refusal EventDecoder::Parts::finish(Fields& fields) {
  if (fields.type.empty()) return "there is no `type`";
  if (fields.type == "observation") {
    Refusal refusal = check_observation(fields);
    if (refusal.empty()) finish_observation(fields);
    return refusal;
  }
  if (fields.type == "source") {
    Refusal refusal = check_source(fields);
    if (!refusal.empty()) return refusal;
    event.kind = EventKind::source;
    event.time_ns = *fields.time_ns;
    event.source_ok = *fields.ok;
    event.reason = fields.reason;
    ++counters.source_events;
    return {};
  }
  return fmt::format("`type` is \"{}\"; it must be \"observation\" or \"source\"",
                     fields.type.substr(0, 64));
}

Refusal EventDecoder::Parts::read(std::string_view line) {
  if (line.size() > limits::event_bytes_max) {
    return fmt::format("the line is longer than {} bytes", limits::event_bytes_max);
  }
  element root;
  const auto parsed = parser.parse(line.data(), line.size()).get(root);
  if (parsed != simdjson::SUCCESS) {
    return fmt::format("not one JSON object: {}", simdjson::error_message(parsed));
  }
  simdjson::dom::object object;
  Refusal refusal = unwrap(root, object);
  if (!refusal.empty()) return refusal;

  std::string_view type;
  if (object["type"].get(type) == simdjson::SUCCESS && type == "label") {
    ++counters.labels_rejected;
    return "labels are not built in this version";
  }
  Fields fields;
  for (size_t s = 0; s < plan.segments.size(); ++s) {
    fields.observation.segment[s] = static_cast<uint8_t>(plan.segments[s].values.count);
  }
  for (const auto& field : object) {
    refusal = read_field(plan, field.key, field.value, fields);
    if (!refusal.empty()) return refusal;
  }
  counters.unknown_fields += fields.unknown_fields;
  counters.other_segments += fields.other_segments;
  return finish(fields);
}

EventDecoder::EventDecoder(const Plan& plan) : parts_(new Parts{plan}) {}
EventDecoder::~EventDecoder() = default;

const DecodedEvent& EventDecoder::decode(std::string_view line) {
  DecodedEvent& event = parts_->event;
  event.kind = EventKind::blank;
  event.reason.clear();
  event.source_ok = true;
  event.time_ns = 0;
  if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) return event;
  ++parts_->counters.lines;
  Refusal refusal = parts_->read(line);
  if (!refusal.empty()) {
    event.kind = EventKind::rejected;
    event.reason = std::move(refusal);
    ++parts_->counters.rejected;
  }
  return event;
}

const EventCounters& EventDecoder::counters() const { return parts_->counters; }

}  // namespace rel
