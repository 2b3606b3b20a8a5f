// The processes of a simulated gateway: whether they live, the mapping they share, and workers that
// can be killed or stalled at the worst moment.
// Input: a plan, the world's clock. Output: ticks, counted requests. Owner: the world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/route/layout.h"
#include "runtime/route/lease.h"
#include "runtime/runtime.h"
#include "runtime/sources/event_decoder.h"
#include "tests/sim/scenario.h"

namespace rel::sim {

// The process table: pids are given out once and never again.
int32_t start_process();
void end_process(int32_t pid);
bool is_alive(int32_t pid);
void end_all_processes();

// The file-backed mapping. It outlives every process, but not a power cut.
class Mapping {
 public:
  explicit Mapping(const Plan& plan);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  void lose();  // a power cut: zeroed memory
  std::span<std::byte> memory() const { return {memory_, size_}; }
  SharedState& shared() const { return *reinterpret_cast<SharedState*>(memory_); }
  const SharedLayout& layout() const { return layout_; }

 private:
  SharedLayout layout_;
  size_t size_;
  std::byte* memory_ = nullptr;
};

class Worker {
 public:
  // `peers`: the mappings of the other members of the release's set.
  Worker(const Plan& plan, Mapping& mapping, std::vector<const Mapping*> peers, int64_t skew_ns);

  void start();
  void kill();
  // Dies, or stands still, in the middle of a tick if it can begin one now, else between two.
  void kill_inside(int64_t now_ns, Random& random);
  void stall_inside(int64_t now_ns, Random& random);
  void stall() { stalled_ = true; }
  void wake(Random& random);

  int32_t pid() const { return pid_; }
  bool lives() const { return runtime_ != nullptr; }
  bool serves() const { return lives() && !stalled_; }
  Runtime& runtime() { return *runtime_; }
  void observe(const Observation& observation) { runtime_->observe(shard_, observation); }
  // An event line, as a stream would have it. What it brings is observed.
  EventKind take_line(std::string_view line);
  // True when it was the evaluator of this tick.
  bool tick(int64_t now_ns) { return runtime_->tick(pid_, now_ns + skew_ns_).evaluated != 0; }

 private:
  bool enter_tick(int64_t now_ns, Random& random);
  void scribble(uint32_t bank, Random& random);
  void unscribble();

  struct Overwritten {
    std::byte* at;
    uint64_t was;
  };

  const Plan& plan_;
  Mapping& mapping_;
  std::vector<const Mapping*> peers_;
  int64_t skew_ns_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<EventDecoder> decoder_;
  int32_t pid_ = 0;
  uint32_t shard_ = 0;
  bool stalled_ = false;
  LeaseGrant grant_;
  std::optional<uint32_t> inside_;  // the bank it stands still in
  std::vector<Overwritten> scribbled_;
};

}  // namespace rel::sim
