#include "tests/sim/afterwards.h"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "runtime/host/control_verbs.h"
#include "tests/sim/people.h"

namespace rel::sim {
namespace {

constexpr int start_ticks = 30;

// A gateway of one worker, and a sidecar that can be started anew.
struct Next {
  Mapping mapping;
  Worker worker;
  Surroundings& around;
  Oracle& oracle;
  const Plan& plan;
  std::string journal_name;
  std::unique_ptr<Runtime> view;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Host> host;

  Next(Member& ended, const Plan& next, Surroundings& world)
      : mapping(next),
        worker(next, mapping, {}, 0),
        around(world),
        oracle(ended.oracle()),
        plan(next),
        journal_name(ended.journal_name()) {
    worker.start();
  }
  ~Next() { kill(); }

  void kill() {
    around.disk.fail_at(around.disk.operations(), test::DiskFault::power_off);
    host.reset();
    journal.reset();
    view.reset();
    around.disk.forget_process(journal_name);
  }
  bool start() {
    view = Runtime::open(plan, Evaluator{.plan = &plan, .compiled = {}}, mapping.memory(),
                         is_alive).value();
    auto opened = Journal::open({.path = journal_name, .vfs = test::MemoryDisk::vfs});
    if (!opened) {
      oracle.complain("the journal does not open: " + opened.error().message);
      return false;
    }
    journal = std::move(*opened);
    HostSettings settings;
    settings.control = control_rules();
    auto made = Host::open(*view, *journal, settings, around.time());
    if (!made) {
      oracle.complain("the next release does not open: " + made.error().message);
      return false;
    }
    host = std::move(*made);
    return true;
  }
  bool clear(size_t person) {
    const nlohmann::json request = {{"verb", "unquarantine"},
                                    {"key", fmt::format("clear-{}", person)},
                                    {"why", "it was mended"}};
    const std::string answer =
        answer_control(*host, request.dump(), peer_of_person(person), around.time());
    return nlohmann::json::parse(answer).at("ok").get<bool>();
  }
  bool starts() {
    for (int i = 0; i < start_ticks; ++i) {
      around.now_ns += tick_ns;
      ++around.tick;
      worker.tick(around.now_ns);
      host->step(around.time());
    }
    return worker.runtime().engine_state().phase == Phase::running;
  }
  void expect(bool blocked, const char* when) {
    if (host->blocked().empty() == !blocked) return;
    oracle.complain(fmt::format("{}, the next release is {}", when,
                                blocked ? "not kept from starting" : "kept from starting"));
  }
};

}  // namespace

void try_afterwards(Member& ended, const Plan& plan, Surroundings& around) {
  Oracle& oracle = ended.oracle();
  ended.kill_sidecar();
  const bool quarantined = oracle.quarantined_since_ns().has_value();
  const bool cools = oracle.failed_ns() && around.now_ns < *oracle.failed_ns() + cooldown_ns;
  Next next(ended, plan, around);
  if (!next.start()) return;
  next.expect(quarantined || cools, "after the end");
  if (next.clear(person_named("mallory"))) oracle.complain("mallory lifted a quarantine");
  next.kill();
  if (!next.start()) return;
  next.expect(quarantined || cools, "after a restart");
  if (next.clear(person_named("bob")) != quarantined) {
    oracle.complain(quarantined ? "bob could not lift a quarantine" : "there was none to lift");
  }
  next.expect(cools, "after it was cleared");
  if (next.starts() == cools) {
    oracle.complain(cools ? "the next release starts while the model cools down"
                          : "the next release does not start");
  }
}

}  // namespace rel::sim
