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
  fmt::print(out, "{}\n{}\n", end_text(plan, simulation), counters_text(simulation, refused));
  for (const std::string& assumed : simulation_assumes(plan)) {
    fmt::print(out, "assumed: {}\n", assumed);
  }
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
  command->add_option("--tick", options->tick, "time between evaluations, 10ms to 1s");
  command->callback([options, &exit_code] { exit_code = simulate(*options); });
}

}  // namespace rel::cli
