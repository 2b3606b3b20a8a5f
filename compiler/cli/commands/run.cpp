// relc run: the runtime as a process. With --attach it is the sidecar of a gateway: it keeps the
// journal of the gateway's mapping, permits increases, acts after a rollback. With --events it is a
// host of its own that reads observations as lines.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "compiler/cli/command.h"
#include "compiler/cli/host_config.h"
#include "compiler/cli/http_library.h"
#include "compiler/cli/model_card.h"
#include "compiler/cli/policy_file.h"
#include "runtime/host/control_server.h"
#include "runtime/host/control_socket.h"
#include "runtime/host/control_verbs.h"
#include "runtime/host/edit.h"
#include "runtime/host/event_stream.h"
#include "runtime/host/host.h"
#include "runtime/host/join_log.h"
#include "runtime/host/plan_history.h"
#include "runtime/host/state_directory.h"
#include "runtime/journal/log_text.h"
#include "runtime/journal/salvage.h"
#include "runtime/route/mapping.h"
#include "runtime/runtime.h"
#include "runtime/stage/decision_text.h"

namespace rel::cli {
namespace {

constexpr int pass_milliseconds = 20;
constexpr int64_t second_ns = 1'000'000'000;
// What follows the end of the input (decisions, actions) may take so long.
constexpr int64_t finish_ns_max = 60 * second_ns;

struct RunOptions {
  PolicyFile policy;
  std::string state;
  std::string events;
  std::string control;
  std::string config;
  std::string salvage;
  std::string format = "text";
  std::optional<std::string> edit_why;
  double wait_s = 10;
  bool attach = false;
};

int fail(const std::string& message) {
  fmt::print(stderr, "relc run: {}\n", message);
  return exit_failed;
}

// A descriptor that closes itself; the standard ones stay open.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ > STDERR_FILENO) close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

// Termination is read from a descriptor by the loop; every thread and child is unaffected.
int termination_descriptor() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

MappingRequest mapping_request(const RunOptions& options, const Plan& plan) {
  return {.path = options.state + (options.attach ? "/gateway.map" : "/host.map"),
          .size = Runtime::shared_size(plan),
          .plan_hash = plan_hash(plan),
          .other_plan = options.attach ? OtherPlan::refuse : OtherPlan::replace};
}

Result<std::optional<Mapping>> opened_mapping(const MappingRequest& request) {
  Result<Mapping> mapping = open_mapping(request);
  if (!mapping) return mapping.error();
  return std::optional<Mapping>(std::move(*mapping));
}

bool file_is_there(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0;
}

// What is there instead of the plan a sidecar waits for.
std::string awaited_plan(const MappingRequest& request) {
  const std::optional<uint64_t> present = look_at_plan(request.path);
  if (!present) return "no gateway of this boot has made it yet";
  if (*present == request.plan_hash) return "it has another size: gateway and relc differ";
  return fmt::format("it has plan {:016x}, of another policy, or of another build of relc",
                     *present);
}

// The gateway makes its mapping when it starts; a sidecar started first waits for it. Nothing when
// it was told to stop meanwhile.
Result<std::optional<Mapping>> wait_for_gateway(const RunOptions& options,
                                                const MappingRequest& request, int termination) {
  const HostClock clock;
  const auto wait_ns = static_cast<int64_t>(options.wait_s * static_cast<double>(second_ns));
  const int64_t deadline_ns = clock.read().steady_ns + wait_ns;
  std::string told;
  while (true) {
    if (file_is_there(request.path)) {
      Result<MappingUse> use = look_at_mapping(request);
      if (!use) return use.error();
      const bool late = clock.read().steady_ns >= deadline_ns;
      // Another plan is given up only when the wait is over: the gateway may be about to reload.
      if (*use == MappingUse::same_plan || late) return opened_mapping(request);
    } else if (clock.read().steady_ns >= deadline_ns) {
      return Error{fmt::format("{} has not appeared within {:g} s; start the gateway with "
                               "`release_state {};` and the same policy, or wait longer with "
                               "--wait",
                               request.path, options.wait_s, options.state)};
    }
    if (const std::string words = awaited_plan(request); words != told) {
      fmt::print(stderr, "relc run: waiting for the gateway to take up plan {:016x} in {}: {}\n",
                 request.plan_hash, request.path, words);
      told = words;
    }
    pollfd polled{termination, POLLIN, 0};
    if (poll(&polled, 1, pass_milliseconds) > 0) return std::optional<Mapping>();
  }
}

void print_entry(const RunOptions& options, const Plan& plan, const JournalEntry& entry) {
  fmt::print("{}\n", options.format == "json" ? logged_json(plan, entry)
                                              : logged_line(plan, entry));
  std::fflush(stdout);
}

// Everything of a run that lives as long as the loop.
struct Running {
  const RunOptions& options;
  const MappingRequest& mapping;
  Host& host;
  HostClock clock;
  int termination = -1;
  std::optional<ControlServer> server;
  std::optional<JoinLog> joins;
  std::optional<Descriptor> input;  // outlives the stream
  std::unique_ptr<EventStream> stream;
  std::string told_error;
  bool told_other_plan = false;
  int64_t next_look_ns = 0;
  int64_t finish_by_ns = 0;
  uint32_t untold = 0;  // metrics that only events could tell, where none are read
};

void tell_changes(Running& run, int64_t steady_ns) {
  const std::string& error = run.host.journal_error();
  if (error != run.told_error) {
    if (error.empty()) {
      fmt::print(stderr, "relc run: the journal works again\n");
    } else {
      fmt::print(stderr, "relc run: {}; nothing is raised until the journal works\n", error);
    }
    run.told_error = error;
  }
  if (!run.options.attach || run.told_other_plan || steady_ns < run.next_look_ns) return;
  run.next_look_ns = steady_ns + second_ns;
  const Result<MappingUse> use = look_at_mapping(run.mapping);
  if (use && *use != MappingUse::same_plan) {
    fmt::print(stderr, "relc run: the gateway has taken up another plan; stop this sidecar and "
                       "start one with the gateway's policy\n");
    run.told_other_plan = true;
  }
}

// A log that fails stops nothing: after a restart labels are missing then, which is told.
void keep_joins(Running& run, int64_t now_ns) {
  if (!run.joins) return;
  std::string told;
  const bool whole = run.stream->take_joins(told);
  const int64_t settled_ns = run.stream->joins_settled_ns(now_ns);
  const Status kept = told.empty() ? ok() : run.joins->append(told, now_ns, settled_ns);
  if (kept && whole) return;
  fmt::print(stderr, "relc run: {}; a restart would not know what waits for its labels\n",
             kept ? "joins were told more than the disk could take" : kept.error().message);
  run.joins.reset();
}

// True: the input has ended, and what it led to is durable and done.
bool input_is_finished(Running& run, int64_t steady_ns) {
  if (run.options.attach || run.stream == nullptr || !run.stream->ended()) return false;
  if (run.finish_by_ns == 0) run.finish_by_ns = steady_ns + finish_ns_max;
  if (steady_ns >= run.finish_by_ns) return true;
  const Phase phase = run.host.state().phase;
  const bool ends = phase == Phase::rolled_back || phase == Phase::withdrawn;
  const bool drained = !run.host.runtime().next_decision() && run.host.journal_error().empty();
  return drained && (!ends || run.host.settled());
}

void loop(Running& run) {
  std::vector<pollfd> polled;
  while (true) {
    const HostTime now = run.clock.read();
    run.host.step(now);
    if (run.server) run.server->serve(now.steady_ns);
    keep_joins(run, now.now_ns);
    if (run.stream == nullptr) run.host.runtime().set_metrics_failing(run.untold);
    tell_changes(run, now.steady_ns);
    if (input_is_finished(run, now.steady_ns)) return;
    polled.assign(1, {run.termination, POLLIN, 0});
    if (run.server) run.server->add_descriptors(polled);
    if (poll(polled.data(), polled.size(), pass_milliseconds) > 0 && polled[0].revents != 0) return;
  }
}

Result<Descriptor> open_events(const RunOptions& options) {
  if (options.events == "-") return Descriptor(STDIN_FILENO);
  const int number = open(options.events.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) {
    return Error{fmt::format("cannot read {}: {}", options.events, std::strerror(errno))};
  }
  return Descriptor(number);
}

void print_end(Running& run) {
  const EngineState state = run.host.state();
  if (run.stream != nullptr) {
    const EventCounters c = run.stream->counters();
    const Runtime::Counters counted = run.host.runtime().counters();
    fmt::print(stderr,
               "relc run: {} lines, {} observations, {} refused, {} twice, {} too late, {} ahead "
               "of time\n",
               c.lines, c.observations, c.rejected, c.duplicates, counted.late, counted.future);
  }
  fmt::print(stderr, "relc run: release `{}` is {}\n", run.host.plan().release,
             phase_name(state.phase));
}

// Only what a policy uses is loaded. Without it the release runs, and its way back says what it
// could not do.
HttpClient* http_client(const Plan& plan) {
  const bool acts = std::any_of(plan.actions.begin(), plan.actions.end(),
                                [](const Action& action) { return needs_http(action.kind); });
  const bool asks = std::any_of(plan.gates.begin(), plan.gates.end(), [](const Gate& gate) {
    return gate.kind == GateKind::http || gate.kind == GateKind::rule;
  });
  if (!acts && !asks) return nullptr;
  Result<HttpClient*> client = load_http_client();
  if (client) return *client;
  fmt::print(stderr, "relc run: {}\n", client.error().message);
  return nullptr;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

// Events alone are counted and joined; beside a gateway they are only joined.
Status open_stream(Running& run) {
  const RunOptions& options = run.options;
  const Plan& plan = run.host.plan();
  run.untold = joined_metrics(plan);
  if (options.events.empty()) return ok();
  Result<Descriptor> opened = open_events(options);
  if (!opened) return opened.error();
  run.input.emplace(std::move(*opened));
  const bool endless = options.attach || options.events == "-";
  const auto refused = [&options](uint64_t line, const std::string& reason) {
    fmt::print(stderr, "relc run: {}:{}: {}\n", options.events, line, reason);
  };
  EventStreamSettings settings{run.input->number(),
                               endless ? StreamEnd::lost : StreamEnd::complete, refused,
                               options.attach ? StreamUse::joins : StreamUse::everything};
  if (run.untold != 0) {
    Result<JoinLog> log =
        JoinLog::open(options.state, run.host.release().id, settings.joins_before);
    if (!log) return log.error();
    run.joins.emplace(std::move(*log));
  }
  auto stream = EventStream::start(run.host.runtime(), run.clock, std::move(settings));
  if (!stream) return stream.error();
  run.stream = std::move(*stream);
  return ok();
}

int serve(const RunOptions& options, const Plan& plan, Journal& journal, HostConfig config,
          int termination) {
  const MappingRequest request = mapping_request(options, plan);
  Result<std::optional<Mapping>> mapping =
      options.attach ? wait_for_gateway(options, request, termination) : opened_mapping(request);
  if (!mapping) {
    const Result<std::string> edit = explain_edit(journal, plan);
    const bool edited = edit && !edit->empty();
    return fail(mapping.error().message + (edited ? "\n" + *edit : ""));
  }
  if (!mapping->has_value()) return exit_clean;
  Result<std::unique_ptr<Runtime>> runtime =
      Runtime::open(plan, Evaluator{.plan = &plan, .compiled = {}}, (*mapping)->memory());
  if (!runtime) return fail(runtime.error().message);

  const HostClock clock;
  const gid_t control_group = config.control.group;
  HostSettings settings{.state_dir = options.state,
                        .actuators = std::move(config.actuators),
                        .control = std::move(config.control),
                        .read_card = read_model_card,
                        .policy_folder = folder_of(options.policy.path)};
  settings.http = http_client(plan);
  settings.probes = ProbeWayBack::before_stages;
  settings.logged = [&](const JournalEntry& entry) { print_entry(options, plan, entry); };
  Result<std::unique_ptr<Host>> host =
      Host::open(**runtime, journal, std::move(settings), clock.read());
  if (!host) return fail(host.error().message);
  if (!(*host)->recovery_note().empty()) {
    fmt::print(stderr, "relc run: {}\n", (*host)->recovery_note());
  }
  if (!(*host)->blocked().empty()) {
    fmt::print(stderr, "relc run: the release does not start: {}\n", (*host)->blocked());
  }

  Running run{.options = options, .mapping = request, .host = **host, .clock = clock,
              .termination = termination};
  if (!options.control.empty()) {
    Result<std::string> path = control_path(options.control);
    if (!path) return fail(path.error().message);
    Result<ControlServer> server = ControlServer::open(
        *path,
        [&run](std::string_view line, const Peer& peer) {
          return answer_control(run.host, line, peer, run.clock.read());
        },
        control_group);
    if (!server) return fail(server.error().message);
    run.server.emplace(std::move(*server));
  }
  if (Status s = open_stream(run); !s) return fail(s.error().message);
  loop(run);
  run.host.step(clock.read());
  keep_joins(run, clock.read().now_ns);
  print_end(run);
  return exit_clean;
}

// Tells what a damaged journal has lost, and changes nothing.
int tell_salvage(const std::string& state) {
  Result<SalvageReport> report = salvage_journal(state + "/journal.sqlite");
  if (!report) return fail(report.error().message);
  for (const std::string& line : report->lines) fmt::print("{}\n", line);
  if (!report->lost_something) return exit_clean;
  fmt::print("move journal.sqlite away to start at the baseline, or restore it from a backup\n");
  return exit_findings;
}

Status take_up(const RunOptions& options, const ControlRules& rules, Journal& journal,
               const Plan& plan) {
  const EditOrder order{own_peer(), *options.edit_why, HostClock().read().now_ns};
  Result<std::vector<std::string>> changes = take_up_edit(journal, plan, rules, order);
  if (!changes) return changes.error();
  for (const std::string& change : *changes) {
    fmt::print(stderr, "relc run: edited, {}\n", change);
  }
  return ok();
}

// The state of a release whose edit was taken up goes on, also where the host died in between.
Status adopt_former_state(const RunOptions& options, Journal& journal, const Plan& plan) {
  auto release = journal.find_release(plan.release, plan_hash(plan));
  if (!release) return release.error();
  if (!release->has_value()) return ok();
  Result<PlanHistory> plans = PlanHistory::read(journal, **release);
  if (!plans) return plans.error();
  for (const uint64_t former : plans->former_hashes()) {
    Status adopted = adopt_plan(mapping_request(options, plan), former);
    if (!adopted) return adopted;
  }
  return ok();
}

int run_release(const RunOptions& options) {
  if (!options.salvage.empty()) return tell_salvage(options.salvage);
  if (options.policy.path.empty() || options.state.empty()) {
    return fail("name the policy and its state directory: relc run FILE --state DIR");
  }
  if (!options.attach && options.events.empty()) {
    return fail("choose one: --attach for the sidecar of a gateway, or --events - (or a file) for "
                "a host of its own");
  }
  const Descriptor termination(termination_descriptor());
  if (termination.number() < 0) return fail(std::strerror(errno));
  HostConfig config;
  if (!options.config.empty()) {
    Result<HostConfig> read = read_host_config(options.config);
    if (!read) return fail(read.error().message);
    config = std::move(*read);
  }
  Result<Plan> plan = load_policy_file(options.policy);
  if (!plan) return fail(plan.error().message);
  if (!options.attach && !plan->set.is_none()) {
    return fail(fmt::format("release `{}` is a member of the set `{}`, whose members go on only "
                            "together: a gateway that has all of them carries it out (--attach)",
                            plan->release, plan->text(plan->set)));
  }
  if (options.attach && !options.events.empty() && joined_metrics(*plan) == 0) {
    return fail("a gateway counts its requests itself; beside it --events is for what is known "
                "later (labels, users, pairs), and no condition of this policy reads any of it");
  }
  Result<StateDirectory> directory = StateDirectory::open(options.state);
  if (!directory) return fail(directory.error().message);
  Result<std::unique_ptr<Journal>> journal = Journal::open({.path = directory->journal_path()});
  if (!journal) return fail(journal.error().message);
  if (Status s = directory->sync(); !s) return fail(s.error().message);
  if (options.edit_why) {
    if (Status s = take_up(options, config.control, **journal, *plan); !s) {
      return fail(s.error().message);
    }
  }
  if (Status s = adopt_former_state(options, **journal, *plan); !s) return fail(s.error().message);
  Result<std::string> edit = explain_edit(**journal, *plan);
  if (!edit) return fail(edit.error().message);
  // A gateway says itself whether it runs the plan given: what the journal last heard may be old.
  if (!edit->empty() && !options.attach) return fail(*edit);
  return serve(options, *plan, **journal, std::move(config), termination.number());
}

}  // namespace

void add_command_run(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("run", "carry a release out, and keep its record");
  auto options = std::make_shared<RunOptions>();
  command->add_option("FILE", options->policy.path, "the policy, or a built plan");
  command->add_option("--state", options->state, "directory of the journal and the shared state");
  command->add_option("--salvage", options->salvage,
                      "only tell what the damaged journal of a state directory has lost");
  command->add_flag("--attach", options->attach, "be the sidecar of the gateway on that directory");
  command->add_option("--events", options->events, "read observations as lines: - or a file");
  command->add_option("--control", options->control, "listen for questions on unix:PATH");
  command->add_option("--config", options->config, "what policies may do on this host (relc.yaml)");
  command->add_option("--release", options->policy.release, "the release, when FILE has several");
  command
      ->add_option("--scale-time", options->policy.time_scale,
                   "multiply stage and soak times, nothing else")
      ->check(CLI::PositiveNumber);
  command->add_option("--edit", options->edit_why,
                      "take up what was edited of a running release, and why; refused unless all "
                      "of it is safe");
  command->add_option("--wait", options->wait_s, "seconds to wait for the gateway's mapping")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--format", options->format, "decisions as text or json")
      ->check(CLI::IsMember({"text", "json"}));
  command->callback([options, &exit_code] { exit_code = run_release(*options); });
}

}  // namespace rel::cli
