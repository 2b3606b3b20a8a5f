// relc simulate: a release in virtual time over recorded events. What would it have decided?
#include <cstdio>
#include <memory>
#include <optional>

#include <fmt/core.h>

#include "compiler/cli/codegen_library.h"
#include "compiler/cli/command.h"
#include "compiler/cli/plot_samples.h"
#include "compiler/cli/policy_file.h"
#include "runtime/base/time_text.h"
#include "runtime/simulation/assumptions.h"
#include "runtime/simulation/simulation.h"
#include "runtime/sources/line_reader.h"
#include "runtime/sources/quantity_reader.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/quantity_text.h"

namespace rel::cli {
namespace {

constexpr uint64_t refused_lines_shown = 20;

struct SimulateOptions {
  PolicyFile policy;
  std::string events;
  std::string evaluator = "interp";
  std::string format = "text";
  std::string expect;
  std::string tick = "100ms";
  std::string plot;
  bool disagreements = false;
};

int fail(const std::string& message) {
  fmt::print(stderr, "relc simulate: {}\n", message);
  return exit_failed;
}

std::string check_evaluator(const std::string& word) {
  if (word == "interp" || word == "jit" || word == "aot") return {};
  return "`" + word + "` is not an evaluator: interp, jit or aot";
}

// Lines the runtime did not take, told on standard error as they come.
struct RefusedLines {
  const std::string& events;
  uint64_t count = 0;

  void add(uint64_t number, const std::string& reason) {
    if (++count > refused_lines_shown) return;
    fmt::print(stderr, "relc simulate: {}:{}: {}\n", events, number, reason);
  }
  void end() const {
    if (count <= refused_lines_shown) return;
    fmt::print(stderr, "relc simulate: {}: {} more lines were refused\n", events,
               count - refused_lines_shown);
  }
};

// Prints the decisions that are new since the last call.
struct DecisionPrinter {
  const SimulateOptions& options;
  const Plan& plan;
  size_t printed = 0;

  void print_new(const Simulation& simulation) {
    for (const Decision& decision : simulation.decisions().subspan(printed)) {
      fmt::print("{}\n", options.format == "json" ? decision_json(plan, decision)
                                                  : decision_line(plan, decision));
      ++printed;
    }
  }
};

std::string grouped(uint64_t number) {
  return exact_quantity_text(static_cast<double>(number), PlanUnit::requests);
}

// `1,234 observations counted; 3 lines refused, 2 late`: what is zero is left out.
std::string counters_text(const Simulation& simulation, uint64_t refused) {
  const EventCounters& events = simulation.event_counters();
  const Runtime::Counters runtime = simulation.counters();
  const struct {
    uint64_t count;
    const char* what;
  } rows[] = {{refused, "lines refused"},
              {events.duplicates, "lines that came twice"},
              {runtime.late, "observations too late"},
              {runtime.future, "observations ahead of time"},
              {runtime.rejected_values, "values refused"},
              {events.unknown_fields, "fields the policy does not name"},
              {events.other_segments, "segment values outside their set"},
              {events.without_id, "observations without id"},
              {events.dedup_overflow, "ids forgotten early"}};
  std::string text = grouped(runtime.observed) + " observations counted";
  const char* separator = "; ";
  for (const auto& row : rows) {
    if (row.count == 0) continue;
    text += fmt::format("{}{} {}", separator, grouped(row.count), row.what);
    separator = ", ";
  }
  return text;
}

// `joins: 900 labels joined, 3 too late`: what is zero is left out; nothing joined, nothing said.
std::string joins_text(const EventJoins& joins) {
  std::string text;
  const auto add = [&](uint64_t count, const char* what) {
    if (count == 0) return;
    text += fmt::format("{}{} {}", text.empty() ? "joined: " : ", ", grouped(count), what);
  };
  if (joins.labels()) {
    const LabelCounters& c = joins.labels()->counters();
    add(c.matured, "labels that matured");
    add(c.missing, "requests without one");
    add(joins.labels()->waiting(), "requests still waiting");
    add(c.late, "labels too late");
    add(c.unknown_id, "labels of no request that waits");
    add(c.overflow, "requests without room");
  }
  for (const auto* totals : {&joins.users(), &joins.sessions()}) {
    if (!*totals) continue;
    const UserCounters& c = (*totals)->counters();
    add(c.matured, totals == &joins.users() ? "users that matured" : "sessions that matured");
    add((*totals)->waiting(), "still waiting");
    add(c.crossed, "requests in another arm than the user's first");
    add(c.overflow, "requests without room");
  }
  if (joins.pairs()) {
    const PairCounters& c = joins.pairs()->counters();
    add(c.pairs, "pairs");
    add(joins.pairs()->disagreement_count(), "disagreements");
    add(c.unanswered, "shadows without an answer");
    add(c.without_live, "shadows without a live answer");
    add(c.pushed_out, "answers without room");
  }
  if (joins.firsts()) add(joins.firsts()->counters().users, "users counted once");
  add(joins.counters().without_id, "events without the id they need");
  add(joins.counters().labels_of_no_use, "labels that no condition reads");
  return text.empty() ? text : text + "\n";
}

std::string value_text(const Simulation& simulation, const Metric& metric, double value) {
  if (metric.kind == MetricKind::flag) return value != 0 ? "true" : "false";
  if (metric.kind != MetricKind::category) return exact_quantity_text(value, metric.unit);
  const std::string_view text = simulation.category_text(value);
  return text.empty() ? "another" : fmt::format("\"{}\"", text);
}

// The sample of disagreements, one a line, for people to look at.
void print_disagreements(std::FILE* out, const Plan& plan, const Simulation& simulation) {
  if (!simulation.joins().pairs()) return;
  for (const Disagreement& each : simulation.joins().pairs()->disagreements()) {
    const Metric& metric = plan.metrics[each.metric];
    std::string where;
    for (size_t s = 0; s < plan.segments.size(); ++s) {
      const Segment& segment = plan.segments[s];
      const uint32_t value = each.served.segment[s];
      const bool known = value < segment.values.count;
      where += fmt::format(" {}={}", plan.text(segment.name),
                           known ? plan.text(plan.segment_values[segment.values.at(value).value])
                                 : "other");
    }
    fmt::print(out, "{} {} {}: live {}, shadow {}{}\n", rfc3339_text(each.time_ns),
               each.id.empty() ? "-" : each.id, plan.text(metric.name),
               value_text(simulation, metric, each.live),
               value_text(simulation, metric, each.shadow), where);
  }
}

std::string end_text(const Plan& plan, const Simulation& simulation) {
  const EngineState state = simulation.engine_state();
  std::string text = fmt::format("{} is {}", plan.release, phase_name(state.phase));
  if (!state.stage.is_none()) {
    const double share = route_of(plan, state).share_millionths / 1e6;
    text += fmt::format(" in stage {} at {}", plan.text(plan.stages[state.stage.value].name),
                        quantity_text(share, PlanUnit::ratio));
  }
  if (state.started_ns != 0) {
    text += ", " + duration_text(simulation.now_ns() - state.started_ns) + " after its start";
  }
  return text;
}

int report_end(const SimulateOptions& options, const Plan& plan, const Simulation& simulation,
               uint64_t refused) {
  // In json standard output holds decisions only.
  std::FILE* out = options.format == "json" ? stderr : stdout;
  fmt::print(out, "{}\n{}\n{}", end_text(plan, simulation), counters_text(simulation, refused),
             joins_text(simulation.joins()));
  for (const std::string& assumed : simulation_assumes(plan)) {
    fmt::print(out, "assumed: {}\n", assumed);
  }
  if (options.disagreements) print_disagreements(out, plan, simulation);
  const std::string_view phase = phase_name(simulation.engine_state().phase);
  if (options.expect.empty() || options.expect == phase) return exit_clean;
  fmt::print(stderr, "relc simulate: expected {}, the release is {}\n", options.expect, phase);
  return exit_findings;
}

// `jit` compiles in this process; `aot` takes the way of an object that was built before.
Result<CompiledPredicates> compiled_predicates(const Plan& plan, const std::string& evaluator) {
  const Result<CodegenLibrary> library = CodegenLibrary::load();
  if (!library) return library.error();
  if (evaluator == "jit") return library->compile(plan);
  const Result<std::string> object = library->emit(plan, Artefact::obj);
  if (!object) return object.error();
  return library->link(plan, *object);
}

int simulate(const SimulateOptions& options) {
  const auto tick_s = parse_quantity(options.tick, PlanUnit::seconds);
  if (!tick_s) return fail("--tick must be a time such as 100ms");
  const Result<Plan> plan = load_policy_file(options.policy);
  if (!plan) return fail(plan.error().message);

  std::optional<CompiledPredicates> compiled;
  if (options.evaluator != "interp") {
    Result<CompiledPredicates> predicates = compiled_predicates(*plan, options.evaluator);
    if (!predicates) return fail(predicates.error().message);
    compiled.emplace(std::move(*predicates));
  }
  const Evaluator evaluator{.plan = &*plan,
                            .compiled = compiled ? compiled->functions()
                                                 : std::span<const PredicateFn>{}};
  Result<std::unique_ptr<Simulation>> opened = Simulation::open(
      *plan, evaluator, {.tick_ns = static_cast<int64_t>(*tick_s * 1e9 + 0.5)});
  if (!opened) return fail(opened.error().message);
  Simulation& simulation = **opened;

  Result<LineReader> reader = LineReader::open(options.events);
  if (!reader) return fail(reader.error().message);
  RefusedLines refused{options.events};
  DecisionPrinter printer{options, *plan};
  PlotSamples plot(*plan);
  while (const auto line = reader->next()) {
    const DecodedEvent& event = simulation.feed(*line);
    if (event.kind == EventKind::rejected) refused.add(reader->number(), event.reason);
    printer.print_new(simulation);
    if (!options.plot.empty()) plot.look(simulation);
  }
  if (Status read = reader->status(); !read) return fail(read.error().message);
  simulation.finish();
  printer.print_new(simulation);
  refused.end();
  if (!options.plot.empty()) {
    if (Status drawn = plot.write(simulation, options.plot); !drawn) {
      return fail(drawn.error().message);
    }
  }
  return report_end(options, *plan, simulation, refused.count);
}

}  // namespace

void add_command_simulate(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("simulate", "run a release over recorded events, in virtual time");
  auto options = std::make_shared<SimulateOptions>();
  command->add_option("FILE", options->policy.path, "the policy, or a built plan")->required();
  command->add_option("--events", options->events, "observations, one a line: a file, or -")
      ->required();
  command->add_option("--release", options->policy.release, "the release, when FILE has several");
  command->add_option("--evaluator", options->evaluator, "interp, jit or aot: the same decisions")
      ->check(check_evaluator);
  command->add_option("--format", options->format, "text, or json: one decision a line")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("--expect", options->expect, "exit with 1 unless the release ends so")
      ->check(CLI::IsMember({"completed", "rolled_back", "withdrawn", "running", "idle"}));
  command
      ->add_option("--scale-time", options->policy.time_scale,
                   "multiply stage and soak times, nothing else")
      ->check(CLI::PositiveNumber);
  command->add_option("--plot", options->plot, "draw share and measured numbers into this SVG");
  command->add_flag("--disagreements", options->disagreements,
                    "print the kept sample of pairs whose answers differ");
  command->add_option("--tick", options->tick, "time between evaluations, 10ms to 1s");
  command->callback([options, &exit_code] { exit_code = simulate(*options); });
}

}  // namespace rel::cli
