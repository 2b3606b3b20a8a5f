// kill -9 at every instruction of an evaluator's tick: the evaluator is stepped through it, and
// whoever looks after each instruction sees what would be left if it had died there. The route is
// never above the state that is in force, and once a rollback can be seen the candidate is not.
#include <catch2/catch.hpp>

#include <signal.h>
#include <ucontext.h>

#include <string>

#include "runtime/route/shared_state.h"
#include "tests/host_fixture.h"

#if defined(__x86_64__)

using namespace rel;
using namespace rel::test;

namespace {

constexpr greg_t trap_flag = 0x100;

struct Watch {
  const Runtime* view = nullptr;
  const RouteBlock* block = nullptr;
  const std::atomic<uint64_t>* published = nullptr;
  uint64_t words[3] = {};
  uint64_t instructions = 0;
  uint64_t changes = 0;
  std::string broken;
};
Watch watch;

void look() {
  const Route route = watch.view->published_route();
  const EngineState state = watch.view->engine_state();
  const Route decided = route_of(watch.view->plan(), state);
  if (route.share_millionths > decided.share_millionths) watch.broken = "the route is ahead";
  if (route.epoch > state.epoch && route.share_millionths > 0) watch.broken = "not rolled back";
}

// An int3 begins and ends it; in between the processor traps after each instruction.
void at_trap(int, siginfo_t* info, void* context) {
  auto& flags = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL];
  if (info->si_code != TRAP_TRACE) {
    flags ^= trap_flag;
    return;
  }
  ++watch.instructions;
  const uint64_t words[] = {watch.block->route_word.load(), watch.block->rollback_word.load(),
                            watch.published->load()};
  if (std::equal(std::begin(words), std::end(words), watch.words)) return;
  std::copy(std::begin(words), std::end(words), watch.words);
  ++watch.changes;
  look();
}

class Stepped {
 public:
  explicit Stepped(Gateway& gateway) : gateway_(gateway), view_(gateway.open()) {
    const SharedState* shared = view_->shared_state();
    watch = {.view = view_.get(), .block = &shared->route, .published = &shared->published};
    struct sigaction action = {};
    action.sa_sigaction = at_trap;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGTRAP, &action, &before_);
  }
  ~Stepped() { sigaction(SIGTRAP, &before_, nullptr); }

  void tick() {
    watch.changes = 0;
    asm volatile("int3" ::: "memory");
    gateway_.tick();
    asm volatile("int3" ::: "memory");
    CHECK(watch.broken == "");
    CHECK(watch.changes >= 1);
  }

 private:
  Gateway& gateway_;
  std::unique_ptr<Runtime> view_;
  struct sigaction before_ = {};
};

void grant(Gateway& gateway) {
  gateway.runtime().grant_raise(gateway.runtime().engine_state().pending.id);
}

uint32_t share(Gateway& gateway) { return gateway.runtime().published_route().share_millionths; }

}  // namespace

TEST_CASE("an evaluator that dies at any instruction of a tick leaves nothing half entered") {
  const Plan plan = small_plan();
  Gateway gateway(plan);
  gateway.runtime().request_start();
  gateway.tick();
  Stepped stepped(gateway);
  grant(gateway);
  stepped.tick();
  REQUIRE(share(gateway) == 100'000);
  for (int i = 0; i < 21; i++) gateway.tick();
  grant(gateway);
  stepped.tick();
  REQUIRE(share(gateway) == 500'000);
  gateway.observe(20, 20);
  stepped.tick();
  CHECK(share(gateway) == 0);
  CHECK(watch.instructions > 1'000);
}

#endif
