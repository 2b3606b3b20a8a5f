// The evidence of a plan's statistical comparisons: updated once when a pane closes, from what the
// windows over the stage gained in it, and read into the frame at every tick.
// Input: windows, the stage and its share, the clock. Output: the numbers of tests in the frame,
// and the state to publish. Owner of the state: this object, in private memory of the evaluator; it
// is loaded from and published to the banks of the mapping (route/publication.h).
//
// A pane ends with the first tick after it. Whoever holds the lease goes on from the published
// state: its snapshots say what of the windows has been taken, so no pane enters twice.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/base/verdict.h"
#include "runtime/evidence/cell_update.h"
#include "runtime/evidence/state.h"
#include "runtime/windows/frame.h"

namespace rel {

// Where the release stands when a pane ends.
struct Exposure {
  StageId stage;                  // none: it does not run
  CandidateLane lane = CandidateLane::live;
  uint32_t share_millionths = 0;  // of the candidate
};

// A number of a test as the frame shows it.
struct ShownNumber {
  double value = 0;
  uint64_t samples = 0;
  uint8_t causes = cause_none;
};

class RunningEvidence {
 public:
  RunningEvidence(const Plan& plan, const SharedLayout& layout);

  // -- the state. Nothing to keep: no words.
  std::span<const uint64_t> state() const { return words_; }
  std::span<const uint64_t> checkpoint() const;
  void load(std::span<const uint64_t> state);
  // A checkpoint of this plan, after which the windows are empty.
  void restore(std::span<const uint64_t> checkpoint);
  void clear();

  // -- of a tick, in the order of use
  // The windows have been emptied: what they held and no pane has taken is lost.
  void windows_emptied();
  // ... because nobody watched: verdicts are unknown until a pane is whole again.
  void clock_gap();
  // A stage is entered: evidence goes on in the same lane, that of a stage's own starts anew.
  void enter_stage(StageId stage);
  // Closes the pane when `now_ns` lies beyond it. True: the state has changed.
  bool advance(int64_t now_ns, const Windows& windows, const Exposure& exposure);
  void write_frame(int64_t now_ns, SourceHealth source, const FrameColumns& frame) const;

 private:
  void close_pane(int64_t now_ns, const Windows& windows, const Exposure& exposure);
  void close_cell(const EvidenceTest& test, uint32_t row, const Windows& windows,
                  const Exposure& exposure, CellPane& pane, TestEvidence& state);
  ArmPane gained(uint32_t row, size_t arm, const WindowReading& reading);
  void combine(const EvidenceTest& test, TestEvidence& state);
  void reset_test(uint32_t index);
  uint8_t causes_of(const EvidenceTest& test, const TestEvidence& state, int64_t now_ns) const;
  uint8_t causes_of_cell(const EvidenceTest& test, const CellEvidence& cell) const;
  void write_test(const EvidenceTest& test, const TestEvidence& state, uint8_t causes,
                  const FrameColumns& frame) const;
  ShownNumber estimate(const EvidenceTest& test, uint32_t row, const CellEvidence& cell,
                       Arm arm) const;
  bool ratio_is_off() const;

  template <typename T>
  T& at(size_t word) {
    return reinterpret_cast<T&>(words_[word]);
  }
  template <typename T>
  const T& at(size_t word) const {
    return reinterpret_cast<const T&>(words_[word]);
  }
  EvidenceHeader& header() { return at<EvidenceHeader>(0); }
  const EvidenceHeader& header() const { return at<EvidenceHeader>(0); }

  const Plan& plan_;
  const SharedLayout& layout_;
  EvidenceShape shape_;
  std::vector<uint64_t> words_;
  std::vector<uint64_t> gained_[2];  // counts of one pane, sized once
};

}  // namespace rel
