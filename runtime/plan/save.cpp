// The saved form of a plan: magic, format version, sections, XXH64 checksum. Little endian.
// One visitor a row type serves both directions, so that writer and reader cannot drift apart.
#include <cstring>

#include <fmt/format.h>
#include <xxhash.h>

#include "runtime/plan/archive.h"
#include "runtime/plan/compare.h"
#include "runtime/plan/plan.h"

namespace rel {

namespace {

constexpr std::string_view magic{"RELPLAN\0", 8};
constexpr uint32_t format_version = 4;
constexpr size_t checksum_bytes = 8;
constexpr size_t header_bytes = magic.size() + 4;

// Sections in the order of the file. The reader wants each, once, fully consumed.
enum class Section : uint32_t {
  identity = 1,
  strings,
  metrics,
  segments,
  windows,
  trackers,
  aggregates,
  nodes,
  predicates,
  sustains,
  triggers,
  stages,
  actions,
  way_back,
  unknown_overrides,
  evidence_files,
  tests,
  calendar,
  routing,
  gates,
  products,
  hooks,
};

// Writes texts in place of their rows, and leaves out where something stands in the policy.
class MeaningWriter : public PlanWriter {
 public:
  static constexpr bool by_meaning = true;

  explicit MeaningWriter(const Plan& plan) : plan_(plan) {}
  using PlanWriter::operator();
  void text(StringId id) {
    std::string words(plan_.text(id));
    (*this)(words);
  }

 private:
  const Plan& plan_;
};

// ---- one visitor a row type

template <typename Archive, typename E>
  requires std::is_enum_v<E>
void visit(Archive& archive, E& value) {
  auto raw = static_cast<std::underlying_type_t<E>>(value);
  archive(raw);
  value = static_cast<E>(raw);
}

template <typename Archive, typename Tag>
void visit(Archive& archive, PlanId<Tag>& id) {
  if constexpr (Archive::by_meaning && std::is_same_v<PlanId<Tag>, StringId>) {
    archive.text(id);
  } else {
    archive(id.value);
  }
}

template <typename Archive, typename Id>
void visit(Archive& archive, Rows<Id>& rows) {
  archive(rows.first);
  archive(rows.count);
}

template <typename Archive>
void visit(Archive& archive, std::string& text) {
  archive(text);
}

template <typename Archive>
void visit(Archive& archive, PlanSpan& span) {
  if constexpr (Archive::by_meaning) return;
  visit(archive, span.file);
  archive(span.offset);
  archive(span.length);
  archive(span.line);
  archive(span.column);
}

template <typename Archive>
void visit(Archive& archive, Metric& metric) {
  visit(archive, metric.name);
  visit(archive, metric.kind);
  visit(archive, metric.unit);
  visit(archive, metric.direction);
  visit(archive, metric.source);
  visit(archive, metric.header);
  archive(metric.status_first);
  archive(metric.status_last);
  archive(metric.histogram.exponent_min);
  archive(metric.histogram.exponent_max);
  archive(metric.histogram.mirrored);
  visit(archive, metric.per);
  visit(archive, metric.absent);
  visit(archive, metric.once);
  visit(archive, metric.unit_of_once);
  archive(metric.within_ns);
  visit(archive, metric.of);
  visit(archive, metric.match);
  visit(archive, metric.span);
}

template <typename Archive>
void visit(Archive& archive, Segment& segment) {
  visit(archive, segment.name);
  visit(archive, segment.values);
  archive(segment.cell_first);
  visit(archive, segment.span);
}

template <typename Archive>
void visit(Archive& archive, Product& product) {
  visit(archive, product.segments);
  archive(product.cell_first);
  archive(product.cell_count);
}

template <typename Archive>
void visit(Archive& archive, Window& window) {
  visit(archive, window.kind);
  archive(window.slots);
  archive(window.requests);
  archive(window.length_ns);
  archive(window.slot_ns);
}

template <typename Archive>
void visit(Archive& archive, Tracker& tracker) {
  visit(archive, tracker.metric);
  visit(archive, tracker.window);
  archive(tracker.histogram);
}

template <typename Archive>
void visit(Archive& archive, Aggregate& aggregate) {
  visit(archive, aggregate.fn);
  visit(archive, aggregate.arm);
  visit(archive, aggregate.tracker);
  archive(aggregate.samples_min);
  archive(aggregate.cell_first);
  archive(aggregate.cell_count);
  archive(aggregate.frame_first);
  archive(aggregate.quantile);
  visit(archive, aggregate.unit);
  visit(archive, aggregate.text);
}

template <typename Archive>
void visit(Archive& archive, Node& node) {
  visit(archive, node.op);
  archive(node.a);
  archive(node.b);
  archive(node.count);
  archive(node.constant);
  visit(archive, node.span);
}

template <typename Archive>
void visit(Archive& archive, Predicate& predicate) {
  visit(archive, predicate.nodes);
  visit(archive, predicate.text);
}

template <typename Archive>
void visit(Archive& archive, Sustain& sustain) {
  visit(archive, sustain.input);
  archive(sustain.duration_ns);
  visit(archive, sustain.kind);
  archive(sustain.count);
  archive(sustain.of);
  visit(archive, sustain.until);
}

template <typename Archive>
void visit(Archive& archive, Trigger& trigger) {
  visit(archive, trigger.name);
  visit(archive, trigger.action);
  archive(trigger.even_if_baseline);
  visit(archive, trigger.stage);
  visit(archive, trigger.when);
  visit(archive, trigger.baseline_when);
  visit(archive, trigger.sustain);
  visit(archive, trigger.condition);
  archive(trigger.after_ns);
  archive(trigger.after_share_millionths);
  archive(trigger.replaced_in);
  visit(archive, trigger.text);
  visit(archive, trigger.span);
}

template <typename Archive>
void visit(Archive& archive, Stage& stage) {
  visit(archive, stage.name);
  visit(archive, stage.kind);
  visit(archive, stage.otherwise);
  visit(archive, stage.steps);
  archive(stage.mirror_millionths);
  archive(stage.holdback_millionths);
  archive(stage.soak_ns);
  archive(stage.at_least_ns);
  archive(stage.at_most_ns);
  visit(archive, stage.otherwise_reason);
  visit(archive, stage.text);
  visit(archive, stage.span);
  archive(stage.step_samples_min);
  visit(archive, stage.step_samples);
  archive(stage.watch_ns);
  archive(stage.keep_warm_ns);
  visit(archive, stage.increase);
}

template <typename Archive>
void visit(Archive& archive, Zone& zone) {
  visit(archive, zone.name);
  archive(zone.first_offset_s);
  visit(archive, zone.changes);
}

template <typename Archive>
void visit(Archive& archive, ZoneChange& change) {
  archive(change.at_s);
  archive(change.offset_s);
}

template <typename Archive>
void visit(Archive& archive, IncreaseWindow& window) {
  visit(archive, window.rule);
  visit(archive, window.days);
  archive(window.weekdays);
  archive(window.from_minute);
  archive(window.to_minute);
  archive(window.first);
  archive(window.last);
  visit(archive, window.zone);
  visit(archive, window.text);
  visit(archive, window.span);
}

template <typename Archive>
void visit(Archive& archive, Step& step) {
  archive(step.share_millionths);
  archive(step.duration_ns);
}

template <typename Archive>
void visit(Archive& archive, Action& action) {
  visit(archive, action.kind);
  visit(archive, action.purpose);
  visit(archive, action.subject_kind);
  archive(action.retries_max);
  archive(action.within_ns);
  archive(action.after_ns);
  visit(archive, action.subject);
  visit(archive, action.version);
  visit(archive, action.arguments);
  visit(archive, action.probe);
  visit(archive, action.text);
  visit(archive, action.span);
}

template <typename Archive>
void visit(Archive& archive, EvidenceTest& test) {
  visit(archive, test.method);
  visit(archive, test.finding);
  visit(archive, test.fold);
  visit(archive, test.arm);
  archive(test.randomised);
  visit(archive, test.tracker);
  visit(archive, test.stage);
  archive(test.samples_min);
  archive(test.horizon_panes);
  archive(test.restart_panes);
  archive(test.margin);
  archive(test.quantile);
  archive(test.alpha);
  visit(archive, test.evidence);
  visit(archive, test.cells);
  visit(archive, test.text);
}

template <typename Archive>
void visit(Archive& archive, TestCell& cell) {
  archive(cell.cell);
  visit(archive, cell.evidence);
  visit(archive, cell.baseline);
  visit(archive, cell.candidate);
}

template <typename Archive>
void visit(Archive& archive, Need& need) {
  visit(archive, need.kind);
  visit(archive, need.name);
  visit(archive, need.version);
  visit(archive, need.beside);
}

template <typename Archive>
void visit(Archive& archive, Gate& gate) {
  visit(archive, gate.kind);
  visit(archive, gate.at);
  visit(archive, gate.stage);
  archive(gate.count);
  visit(archive, gate.predicate);
  archive(gate.within_ns);
  visit(archive, gate.name);
  visit(archive, gate.arguments);
  visit(archive, gate.text);
  visit(archive, gate.span);
}

template <typename Archive>
void visit(Archive& archive, Hook& hook) {
  visit(archive, hook.action);
  visit(archive, hook.gate);
  visit(archive, hook.otherwise);
  visit(archive, hook.reason);
}

template <typename Archive>
void visit(Archive& archive, UnknownRule& rule) {
  visit(archive, rule.action);
  visit(archive, rule.then);
  archive(rule.up_to_ns);
  visit(archive, rule.span);
}

template <typename Archive>
void visit(Archive& archive, UnknownOverride& override_row) {
  visit(archive, override_row.trigger);
  visit(archive, override_row.stage);
  archive(override_row.cause);
  visit(archive, override_row.rule);
}

template <typename Archive>
void visit(Archive& archive, EvidenceFile& file) {
  visit(archive, file.path);
  visit(archive, file.digest);
}

template <typename Archive>
void visit(Archive& archive, RequestSlot& slot) {
  visit(archive, slot.part);
  visit(archive, slot.name);
}

template <typename Archive>
void visit(Archive& archive, RequestTerm& term) {
  visit(archive, term.slot);
  visit(archive, term.value);
  archive(term.negated);
}

template <typename Archive>
void visit(Archive& archive, ForcedRoute& route) {
  visit(archive, route.target);
  visit(archive, route.terms);
  visit(archive, route.text);
  visit(archive, route.span);
}

template <typename Archive>
void visit(Archive& archive, WaveStage& waves) {
  visit(archive, waves.stage);
  visit(archive, waves.segment);
  visit(archive, waves.reaches);
}

template <typename Archive>
void visit(Archive& archive, uint64_t& word) {
  archive(word);
}

template <typename Archive, typename Row>
void visit(Archive& archive, std::vector<Row>& rows) {
  const size_t count = archive.count(rows.size());
  if constexpr (Archive::reading) rows.clear();
  for (size_t index = 0; index < count && !archive.failed(); ++index) {
    if constexpr (Archive::reading) rows.emplace_back();
    visit(archive, rows[index]);
  }
}

template <typename Archive>
void visit(Archive& archive, ModelRef& reference) {
  visit(archive, reference.text);
  visit(archive, reference.digest);
}

template <typename Archive>
void visit_section(Archive& archive, Section section, Plan& plan) {
  switch (section) {
    case Section::identity:
      archive(plan.release);
      archive(plan.model);
      archive(plan.owner);
      visit(archive, plan.baseline);
      visit(archive, plan.candidate);
      archive(plan.salt);
      archive(plan.pane_ns);
      archive(plan.frame_size);
      archive(plan.cell_count);
      return;
    case Section::strings: return visit(archive, plan.strings);
    case Section::metrics: return visit(archive, plan.metrics);
    case Section::segments:
      visit(archive, plan.segments);
      return visit(archive, plan.segment_values);
    case Section::windows: return visit(archive, plan.windows);
    case Section::trackers: return visit(archive, plan.trackers);
    case Section::aggregates: return visit(archive, plan.aggregates);
    case Section::nodes: return visit(archive, plan.nodes);
    case Section::predicates: return visit(archive, plan.predicates);
    case Section::sustains: return visit(archive, plan.sustains);
    case Section::triggers: return visit(archive, plan.triggers);
    case Section::stages:
      visit(archive, plan.stages);
      return visit(archive, plan.steps);
    case Section::actions:
      visit(archive, plan.actions);
      return visit(archive, plan.arguments);
    case Section::way_back:
      for (UnknownRule& rule : plan.unknown) visit(archive, rule);
      archive(plan.quarantine_candidate);
      archive(plan.cooldown_ns);
      archive(plan.observe_only);
      return visit(archive, plan.needs);
    case Section::unknown_overrides: return visit(archive, plan.unknown_overrides);
    case Section::evidence_files: return visit(archive, plan.evidence_files);
    case Section::tests:
      visit(archive, plan.tests);
      visit(archive, plan.test_cells);
      archive(plan.false_rollback_millionths);
      return;
    case Section::calendar:
      visit(archive, plan.zones);
      visit(archive, plan.zone_changes);
      visit(archive, plan.increase_windows);
      return visit(archive, plan.increase);
    case Section::routing:
      visit(archive, plan.request_slots);
      visit(archive, plan.request_terms);
      visit(archive, plan.forced_routes);
      visit(archive, plan.audience);
      visit(archive, plan.wave_stages);
      visit(archive, plan.wave_reaches);
      visit(archive, plan.sticky_by);
      visit(archive, plan.set);
      return visit(archive, plan.set_members);
    case Section::gates:
      visit(archive, plan.gates);
      return visit(archive, plan.gate_arguments);
    case Section::products:
      visit(archive, plan.products);
      return visit(archive, plan.product_segments);
    case Section::hooks: return visit(archive, plan.hooks);
  }
}

constexpr uint32_t section_first = static_cast<uint32_t>(Section::identity);
constexpr uint32_t section_last = static_cast<uint32_t>(Section::hooks);

Error refused(std::string_view what) {
  return Error{fmt::format("the plan cannot be read: {}; build it again with `relc build`", what)};
}

}  // namespace

std::string save_plan(const Plan& plan) {
  Plan rows = plan;  // the visitors serve both directions and take rows they may write to
  PlanWriter file;
  file.bytes() = magic;
  uint32_t version = format_version;
  file(version);
  for (uint32_t section = section_first; section <= section_last; ++section) {
    PlanWriter body;
    visit_section(body, static_cast<Section>(section), rows);
    uint64_t size = body.bytes().size();
    file(section);
    file(size);
    file.bytes() += body.bytes();
  }
  uint64_t checksum = XXH64(file.bytes().data(), file.bytes().size(), 0);
  file(checksum);
  return std::move(file.bytes());
}

std::string plan_meaning(const Plan& plan) {
  Plan rows = plan;
  MeaningWriter file(plan);
  for (uint32_t section = section_first; section <= section_last; ++section) {
    if (static_cast<Section>(section) == Section::strings) continue;
    visit_section(file, static_cast<Section>(section), rows);
  }
  return std::move(file.bytes());
}

bool is_saved_plan(std::string_view bytes) { return bytes.substr(0, magic.size()) == magic; }

Result<Plan> load_plan(std::string_view bytes) {
  if (!is_saved_plan(bytes)) return refused("it does not begin as a plan does");
  if (bytes.size() > limits::plan_bytes_max) {
    return refused(fmt::format("it is larger than {} bytes", limits::plan_bytes_max));
  }
  if (bytes.size() < header_bytes + checksum_bytes) return refused("it is cut short");

  PlanReader header(bytes.substr(magic.size()));
  uint32_t version = 0;
  header(version);
  if (version != format_version) {
    return refused(fmt::format("its format is version {}, this program reads version {}", version,
                               format_version));
  }
  const std::string_view covered = bytes.substr(0, bytes.size() - checksum_bytes);
  PlanReader trailer(bytes.substr(covered.size()));
  uint64_t checksum = 0;
  trailer(checksum);
  if (checksum != XXH64(covered.data(), covered.size(), 0)) {
    return refused("its checksum is wrong, so it is damaged or cut short");
  }

  Plan plan;
  PlanReader file(covered.substr(header_bytes));
  for (uint32_t section = section_first; section <= section_last; ++section) {
    uint32_t tag = 0;
    uint64_t size = 0;
    file(tag);
    file(size);
    PlanReader body(file.section(size));
    if (file.failed() || tag != section) {
      return refused(fmt::format("section {} is missing", section));
    }
    visit_section(body, static_cast<Section>(section), plan);
    if (body.failed() || !body.at_end()) {
      return refused(fmt::format("section {} does not have the size it states", section));
    }
  }
  if (!file.at_end()) return refused("something follows its last section");
  Status verified = verify_plan(plan);
  if (!verified) return verified.error();
  return plan;
}

}  // namespace rel
