#include "tests/sim/processes.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace rel::sim {
namespace {

std::vector<int32_t> alive;
int32_t last_pid = 100'000;

// A shard writes only its own counters; what an evaluator writes of its bank beside the published
// buffers begins with what it has collected.
constexpr int words_scribbled = 200;

}  // namespace

int32_t start_process() {
  alive.push_back(++last_pid);
  return last_pid;
}
void end_process(int32_t pid) { std::erase(alive, pid); }
bool is_alive(int32_t pid) { return std::find(alive.begin(), alive.end(), pid) != alive.end(); }
void end_all_processes() {
  alive.clear();
  last_pid = 100'000;
}

Mapping::Mapping(const Plan& plan) : layout_(plan), size_(Runtime::shared_size(plan)) { lose(); }

Mapping::~Mapping() { munmap(memory_, size_); }

void Mapping::lose() {
  if (memory_ != nullptr) munmap(memory_, size_);
  void* fresh = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (fresh == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(fresh);
}

Worker::Worker(const Plan& plan, Mapping& mapping, std::vector<const Mapping*> peers,
               int64_t skew_ns)
    : plan_(plan), mapping_(mapping), peers_(std::move(peers)), skew_ns_(skew_ns) {}

void Worker::start() {
  pid_ = start_process();
  auto opened =
      Runtime::open(plan_, Evaluator{.plan = &plan_, .compiled = {}}, mapping_.memory(), is_alive);
  if (!opened) throw std::runtime_error(opened.error().message);
  runtime_ = std::move(*opened);
  shard_ = runtime_->claim_shard(pid_).value();
  std::vector<const SharedState*> others;
  for (const Mapping* peer : peers_) others.push_back(&peer->shared());
  if (!others.empty()) runtime_->join_set(std::move(others));
  stalled_ = false;
  inside_.reset();
  scribbled_.clear();
}

void Worker::kill() {
  end_process(pid_);
  runtime_.reset();
  decoder_.reset();
  inside_.reset();
  scribbled_.clear();
}

EventKind Worker::take_line(std::string_view line) {
  if (decoder_ == nullptr) decoder_ = std::make_unique<EventDecoder>(plan_);
  const DecodedEvent& event = decoder_->decode(line);
  if (event.kind == EventKind::observation) observe(event.observation);
  return event.kind;
}

bool Worker::enter_tick(int64_t now_ns, Random& random) {
  SharedState& shared = mapping_.shared();
  grant_ = enter_lease(shared.lease, pid_, now_ns, is_alive);
  if (grant_.entry == LeaseEntry::refused) return false;
  uint32_t bank = shared.published.load() >> 1 & 1;
  const auto is_free = [&](uint32_t b) {
    const int32_t noted = shared.lease.stalled_pid[b].load();
    return noted == 0 || !is_alive(noted);
  };
  if (!is_free(bank)) bank = 1 - bank;
  // With both banks taken an evaluator goes no further, and stays where it is.
  if (!is_free(bank)) return true;
  if (!settle_lease(shared.lease, grant_, bank)) return false;
  inside_ = bank;
  scribble(bank, random);
  return true;
}

void Worker::scribble(uint32_t bank, Random& random) {
  const SharedLayout& layout = mapping_.layout();
  const size_t from = layout.bank_offset(bank) + layout.collected_offset(0);
  const size_t bank_bytes = layout.bank_offset(1) - layout.bank_offset(0);
  const size_t words = (bank_bytes - layout.collected_offset(0)) / sizeof(uint64_t);
  for (int i = 0; i < words_scribbled; ++i) {
    const uint64_t garbage = random.next();
    std::byte* at = mapping_.memory().data() + from + random.below(words) * sizeof garbage;
    uint64_t was;
    std::memcpy(&was, at, sizeof was);
    scribbled_.push_back({at, was});
    std::memcpy(at, &garbage, sizeof garbage);
  }
}

void Worker::unscribble() {
  for (auto it = scribbled_.rbegin(); it != scribbled_.rend(); ++it) {
    std::memcpy(it->at, &it->was, sizeof it->was);
  }
}

void Worker::kill_inside(int64_t now_ns, Random& random) {
  enter_tick(now_ns + skew_ns_, random);
  kill();
}

void Worker::stall_inside(int64_t now_ns, Random& random) {
  enter_tick(now_ns + skew_ns_, random);
  stalled_ = true;
}

// While it still holds the lease its bank is its own, and it ends its tick as if it had not stood
// still. Otherwise what it was about to write it writes now, wherever the lease has gone.
void Worker::wake(Random& random) {
  stalled_ = false;
  if (!inside_) return;
  SharedState& shared = mapping_.shared();
  if (holds_lease(shared.lease, grant_)) unscribble();
  else scribble(*inside_, random);
  scribbled_.clear();
  leave_lease(shared.lease, grant_);
  int32_t self = pid_;
  shared.lease.stalled_pid[*inside_].compare_exchange_strong(self, 0);
  inside_.reset();
}

}  // namespace rel::sim
