// One line at a time: parse, unwrap the envelope, read the fields in the order they stand, then
// check what must be there. The first thing that is wrong is the reason.
#include "runtime/sources/event_decoder.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include <fmt/format.h>
#include <simdjson.h>
#include <xxhash.h>

#include "runtime/base/check.h"
#include "runtime/base/time_text.h"
#include "runtime/sources/category_texts.h"
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
  CategoryTexts& texts;
  std::string_view type;
  std::optional<int64_t> time_ns;
  std::string id;
  Variant variant = Variant::absent;
  Lane lane = Lane::absent;
  std::optional<bool> ok;
  std::string_view reason;
  std::string_view unit;
  std::string_view session;
  std::optional<bool> mirrored;
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

Refusal read_mirrored(const element& value, Fields& fields) {
  bool mirrored = false;
  if (value.get(mirrored) != simdjson::SUCCESS) {
    return ill_typed("mirrored", value, "true or false");
  }
  fields.mirrored = mirrored;
  return {};
}

// The names that other systems give the key that joins a label to its request.
bool names_id(std::string_view key) {
  constexpr std::string_view names[] = {"id",           "request_id", "inference_id",
                                        "inferenceId",  "eventId",    "prediction_id",
                                        "puid",         "gen_ai.response.id"};
  return std::find(std::begin(names), std::end(names), key) != std::end(names);
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

// A text: which of the values that the plan counts it is. Its own number only tells it from others.
Refusal read_category(const Plan& plan, uint32_t index, const element& value, Fields& fields) {
  std::string_view text;
  Refusal refusal = read_string(plan.text(plan.metrics[index].name), value, text);
  if (!refusal.empty()) return refusal;
  fields.observation.value[index] = fields.texts.number_of(text);
  fields.observation.present |= uint32_t{1} << index;
  for (uint32_t m = 0; m < plan.metrics.size(); ++m) {
    const Metric& counted = plan.metrics[m];
    if (counted.of.value != index || counted.match.is_none()) continue;
    fields.observation.value[m] = plan.text(counted.match) == text ? 1 : 0;
    fields.observation.present |= uint32_t{1} << m;
  }
  return {};
}

Refusal read_value(const Plan& plan, const Metric& metric, const element& value, double& out) {
  const std::string_view name = plan.text(metric.name);
  Refusal refusal = metric.kind == MetricKind::flag
                        ? read_flag(name, value, out)
                        : read_quantity(name, metric.unit, value, out);
  if (refusal.empty() && metric.kind == MetricKind::duration && out < 0) {
    refusal = fmt::format("`{}` is negative; a duration is not", name);
  }
  if (refusal.empty() && metric.kind == MetricKind::count && (out < 0 || out != std::floor(out))) {
    refusal = fmt::format("`{}` is not a whole number from zero; a count is", name);
  }
  return refusal;
}

Refusal read_metric(const Plan& plan, uint32_t index, const element& value, Fields& fields) {
  const uint32_t bit = uint32_t{1} << index;
  if (fields.observation.present & bit) {
    return fmt::format("`{}` stands twice", plan.text(plan.metrics[index].name));
  }
  if (plan.metrics[index].kind == MetricKind::category) {
    return read_category(plan, index, value, fields);
  }
  Refusal refusal =
      read_value(plan, plan.metrics[index], value, fields.observation.value[index]);
  fields.observation.present |= bit;
  return refusal;
}

Refusal read_field(const Plan& plan, std::string_view key, const element& value, Fields& fields) {
  if (key == "type") return read_string(key, value, fields.type);
  if (key == "time") return read_time(value, fields);
  if (names_id(key)) return read_id(key, value, fields);
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
  if (key == "unit") return read_string(key, value, fields.unit);
  if (key == "session") return read_string(key, value, fields.session);
  if (key == "mirrored") return read_mirrored(value, fields);
  ++fields.unknown_fields;
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

// A hash that is 0 for nothing only.
uint64_t key_hash(std::string_view text, uint64_t salt) {
  if (text.empty()) return 0;
  return std::max<uint64_t>(XXH3_64bits_withSeed(text.data(), text.size(), salt), 1);
}

void hash_keys(const Plan& plan, Fields& fields) {
  fields.observation.id = key_hash(fields.id, 0);
  fields.observation.user = key_hash(fields.unit, plan.salt);
  fields.observation.session = key_hash(fields.session, plan.salt);
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
  if (fields.mirrored) fields.observation.copied = *fields.mirrored ? Copied::yes : Copied::no;
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
  CategoryTexts texts;
  EventCounters counters;
  DecodedEvent event;

  Refusal read(std::string_view line);
  Refusal finish(Fields& fields);
  void finish_observation(Fields& fields);
  Refusal read_label(const simdjson::dom::object& object);
  Refusal finish_label(const Fields& fields, const element& value);
};

void EventDecoder::Parts::finish_observation(Fields& fields) {
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
  hash_keys(plan, fields);
  event.observation = fields.observation;
  event.id = std::move(fields.id);
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
  return fmt::format("`type` is \"{}\"; it must be \"observation\", \"label\" or "
                     "\"source\"",
                     fields.type.substr(0, 64));
}

// A label names its metric and gives one value; what it is about is the id, unit or session that
// the metric is counted per.
Refusal EventDecoder::Parts::read_label(const simdjson::dom::object& object) {
  Fields fields{.texts = texts};
  std::string_view name;
  std::optional<element> given;
  for (const auto& field : object) {
    Refusal refusal;
    if (field.key == "time") refusal = read_time(field.value, fields);
    else if (names_id(field.key)) refusal = read_id(field.key, field.value, fields);
    else if (field.key == "unit") refusal = read_string(field.key, field.value, fields.unit);
    else if (field.key == "session") refusal = read_string(field.key, field.value, fields.session);
    else if (field.key == "name") refusal = read_string(field.key, field.value, name);
    else if (field.key == "value") given = field.value;
    else if (field.key != "type") ++counters.unknown_fields;
    if (!refusal.empty()) return refusal;
  }
  if (!fields.time_ns) return "there is no `time`";
  if (name.empty()) return "there is no `name`: the metric that the label is of";
  if (!given) return "there is no `value`";
  for (uint32_t row = 0; row < plan.metrics.size(); ++row) {
    if (plan.text(plan.metrics[row].name) != name) continue;
    event.label.metric = row;
    return finish_label(fields, *given);
  }
  // A metric of another policy that reads the same stream.
  ++counters.unknown_fields;
  ++counters.labels;
  return {};
}

Refusal EventDecoder::Parts::finish_label(const Fields& fields, const element& value) {
  LabelEvent& label = event.label;
  const Metric& metric = plan.metrics[label.metric];
  const std::string_view name = plan.text(metric.name);
  if (Refusal refusal = read_value(plan, metric, value, label.value); !refusal.empty()) {
    return refusal;
  }
  label.time_ns = *fields.time_ns;
  label.id = key_hash(fields.id, 0);
  label.user = key_hash(fields.unit, plan.salt);
  label.session = key_hash(fields.session, plan.salt);
  if (metric.per == SampleUnit::request || metric.per == SampleUnit::pair) {
    return fmt::format("`{}` is counted per request; its value comes with the observation", name);
  }
  event.kind = EventKind::label;
  event.time_ns = label.time_ns;
  ++counters.labels;
  return {};
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
    return read_label(object);
  }
  Fields fields{.texts = texts};
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

std::string_view EventDecoder::category_text(double number) const {
  return parts_->texts.text_of(number);
}

const EventCounters& EventDecoder::counters() const { return parts_->counters; }

}  // namespace rel
