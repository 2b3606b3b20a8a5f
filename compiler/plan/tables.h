// The tables of a plan that conditions share: strings, windows, trackers, aggregates with their
// place in the frame. Each fact is stored once.
// Owner: one lowering. Limits are reported, once each, at the statement being lowered.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/sema/typed.h"
#include "runtime/plan/plan.h"

namespace rel {

// What a tracker keeps beside its totals.
enum class Keeps : uint8_t { totals, histogram };

class PlanTables {
 public:
  // `root` is the policy's own file.
  PlanTables(const Sources& sources, FileId root, const sema::TypedPolicy& policy, Plan& plan,
             Diagnostics& diagnostics)
      : sources_(sources), root_(root), policy_(policy), plan_(plan), diagnostics_(diagnostics) {}

  // Limits that are exceeded from now on are reported at `statement`.
  void at(Span statement) { statement_ = statement; }
  bool failed() const { return failed_; }

  StringId string(std::string_view text);
  PlanSpan span(Span span);

  // The aggregate of everybody, or the first of those that cover the cells of a fold in order.
  AggregateId aggregate(const sema::TypedAggregate& aggregate, const sema::TypedFold* fold);
  // The cross of these segments, which gets its cells.
  const Product& product(const std::vector<uint32_t>& segments);
  // The cells a fold goes over.
  uint32_t cell_count(const sema::TypedFold& fold) const;

  TrackerId tracker(std::optional<uint32_t> metric, const sema::TypedWindow& window, Keeps keeps);
  // Adds a row, which gets its place in the frame.
  AggregateId append(Aggregate row);

  // Reports that the plan would have more than `limit` of `what` when `count` exceeds it.
  void check_limit(std::string_view what, size_t count, size_t limit);
  Diagnostic& fail(Code code, std::string message);

 private:
  WindowId window(const sema::TypedWindow& window);
  std::string file_name(FileId file) const;
  void append_cells(const sema::TypedAggregate& aggregate, TrackerId counted, uint32_t cell_first,
                    uint32_t cell_count);

  using AggregateKey = std::tuple<AggregateFn, Arm, uint32_t, uint32_t, double,
                                  std::vector<uint32_t>, bool>;

  const Sources& sources_;
  const FileId root_;
  const sema::TypedPolicy& policy_;
  Plan& plan_;
  Diagnostics& diagnostics_;
  Span statement_;
  bool failed_ = false;
  std::map<std::string, uint32_t, std::less<>> strings_;
  std::map<std::pair<int64_t, uint32_t>, WindowId> windows_;  // by time and requests; 0: stage
  std::map<std::vector<uint32_t>, uint32_t> products_;
  std::map<std::pair<uint32_t, uint32_t>, TrackerId> trackers_;
  std::map<AggregateKey, AggregateId> aggregates_;
  std::set<std::string_view> exceeded_;
};

}  // namespace rel
