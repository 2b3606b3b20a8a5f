// What tests of the host share: a small release, a folder of one's own, and a gateway in plain
// memory with a clock the test moves.
#pragma once

#include <stdlib.h>
#include <sys/mman.h>
#include <xxhash.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>

#include "runtime/host/host_time.h"
#include "runtime/plan/plan.h"
#include "runtime/runtime.h"

namespace rel::test {

inline constexpr int64_t second_ns = 1'000'000'000;
inline constexpr int64_t start_ns = int64_t{1'772'366'400} * second_ns;  // 2026-03-01T12:00:00Z

// Goes away with its content.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "relc-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Writes a plan as the compiler would, one fact a call.
class PlanBuilder {
 public:
  Plan plan;

  StringId text(const std::string& value) {
    plan.strings.push_back(value);
    return StringId{static_cast<uint32_t>(plan.strings.size() - 1)};
  }

  // rate(ARM.failed) over 5s, in the tracker of `failed`
  uint32_t failure_rate(Arm arm) {
    Aggregate a;
    a.fn = AggregateFn::rate;
    a.arm = arm;
    a.tracker = TrackerId{0};
    a.samples_min = 10;
    a.frame_first = plan.frame_size++;
    a.unit = PlanUnit::ratio;
    a.text = text(arm == Arm::candidate ? "rate(candidate.failed) over 5s"
                                        : "rate(baseline.failed) over 5s");
    plan.aggregates.push_back(a);
    return static_cast<uint32_t>(plan.aggregates.size() - 1);
  }

  // AGGREGATE > limit
  PredicateId above(uint32_t aggregate, double limit, const std::string& words) {
    const auto first = static_cast<uint32_t>(plan.nodes.size());
    const PlanSpan span{StringId{0}, 0, 1, 9, 3};
    plan.nodes.push_back({.op = Op::load, .a = aggregate, .span = span});
    plan.nodes.push_back({.op = Op::constant, .constant = limit, .span = span});
    plan.nodes.push_back({.op = Op::gt, .a = first, .b = first + 1, .span = span});
    plan.predicates.push_back({.nodes = {first, 3}, .text = text(words)});
    return PredicateId{static_cast<uint32_t>(plan.predicates.size() - 1)};
  }

  void stage(const std::string& name, StageKind kind, std::vector<Step> steps) {
    Stage s;
    s.name = text(name);
    s.kind = kind;
    s.steps = {static_cast<uint32_t>(plan.steps.size()), static_cast<uint32_t>(steps.size())};
    s.text = text(name);
    s.span = {StringId{0}, 0, 1, 12, 3};
    plan.steps.insert(plan.steps.end(), steps.begin(), steps.end());
    plan.stages.push_back(s);
  }

  Action& action(ActionKind kind, const std::vector<std::string>& arguments,
                 const std::string& words) {
    Action a;
    a.kind = kind;
    a.purpose = kind == ActionKind::report ? ActionPurpose::report : ActionPurpose::notify;
    a.within_ns = 600 * second_ns;
    a.arguments = {static_cast<uint32_t>(plan.arguments.size()),
                   static_cast<uint32_t>(arguments.size())};
    for (const std::string& argument : arguments) plan.arguments.push_back(text(argument));
    a.probe = {a.arguments.end(), 0};
    a.text = text(words);
    a.span = {StringId{0}, 0, 1, 20, 3};
    plan.actions.push_back(a);
    return plan.actions.back();
  }
};

// release checkout_v2 of scorer: 10 % for 2s, 50 % for 2s, then everybody; back when more than 5 %
// of the candidate's answers of the last 5s failed. The way back: a command, a report, quarantine
// and an hour of cooldown.
inline Plan small_plan(const std::string& command = "/bin/true") {
  PlanBuilder b;
  Plan& plan = b.plan;
  b.text("checkout.release");
  plan.release = "checkout_v2";
  plan.model = "scorer";
  plan.owner = "risk";
  plan.salt = XXH64(plan.release.data(), plan.release.size(), 0);
  plan.baseline = {b.text("digest(\"sha256:01\")"), b.text("sha256:01")};
  plan.candidate = {b.text("digest(\"sha256:02\")"), b.text("sha256:02")};
  Metric failed;
  failed.name = b.text("failed");
  failed.kind = MetricKind::flag;
  failed.unit = PlanUnit::ratio;
  failed.span = {StringId{0}, 0, 1, 2, 1};
  plan.metrics.push_back(failed);
  plan.windows.push_back({.kind = WindowKind::sliding,
                          .slots = 5,
                          .length_ns = 5 * second_ns,
                          .slot_ns = second_ns});
  plan.trackers.push_back({.metric = MetricId{0}, .window = WindowId{0}});
  const uint32_t candidate = b.failure_rate(Arm::candidate);
  const uint32_t baseline = b.failure_rate(Arm::baseline);
  Trigger t;
  t.name = b.text("rollback_1");
  t.when = b.above(candidate, 0.05, "rate(failed) > 5% over 5s");
  t.condition = t.when;
  t.baseline_when = b.above(baseline, 0.05, "rate(baseline.failed) > 5% over 5s");
  t.text = b.text("rollback when rate(failed) > 5% over 5s");
  t.span = {StringId{0}, 0, 1, 9, 3};
  plan.triggers.push_back(t);
  b.stage("canary", StageKind::steps,
          {{.share_millionths = 100'000, .duration_ns = 2 * second_ns},
           {.share_millionths = 500'000, .duration_ns = 2 * second_ns}});
  b.stage("live", StageKind::full, {{.share_millionths = 1'000'000}});
  // Evidence too thin to judge does not hold the tests' releases.
  plan.unknown[0] = {.action = UnknownAction::alert};
  plan.unknown[1] = {.action = UnknownAction::alert};
  plan.unknown[2] = {.action = UnknownAction::hold};
  for (UnknownRule& rule : plan.unknown) rule.span = {StringId{0}, 0, 1, 7, 3};
  b.action(ActionKind::command, {command}, "notify by command [\"" + command + "\"]");
  b.action(ActionKind::report, {"postmortem.md"}, "report \"postmortem.md\"");
  plan.quarantine_candidate = 1;
  plan.cooldown_ns = 3600 * second_ns;
  return plan;
}

// A gateway: a runtime in memory that outlives the hosts a test starts and kills, also those in
// forked processes.
class Gateway {
 public:
  explicit Gateway(const Plan& plan) : plan_(plan) {
    size_ = Runtime::shared_size(plan);
    void* memory =
        mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<std::byte*>(memory);
    runtime_ = open();
    shard_ = runtime_->claim_shard(1).value();
  }
  ~Gateway() {
    runtime_.reset();
    munmap(memory_, size_);
  }
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  Runtime& runtime() { return *runtime_; }
  // Another process's view of the same memory.
  std::unique_ptr<Runtime> open() {
    auto opened = Runtime::open(plan_, Evaluator{.plan = &plan_, .compiled = {}},
                                {memory_, size_});
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }

  // The clock of a gateway that went on while a forked test process drove it.
  void continue_at(int64_t elapsed_ns) { elapsed_ns_ = elapsed_ns; }
  HostTime now() const { return {start_ns + elapsed_ns_, elapsed_ns_}; }
  // A tick of the evaluator, 100 ms after the last.
  void tick() {
    elapsed_ns_ += second_ns / 10;
    runtime_->tick(1, now().now_ns);
  }
  // `answers` of the candidate now, the first `failures` of them failed.
  void observe(int answers, int failures) {
    for (int i = 0; i < answers; i++) {
      Observation o;
      o.time_ns = now().now_ns;
      o.arm = LaneArm::candidate_live;
      o.present = 1;
      o.value[0] = i < failures ? 1 : 0;
      runtime_->observe(shard_, o);
    }
  }

 private:
  const Plan& plan_;
  std::byte* memory_ = nullptr;
  size_t size_ = 0;
  std::unique_ptr<Runtime> runtime_;
  uint32_t shard_ = 0;
  int64_t elapsed_ns_ = 0;
};

}  // namespace rel::test
