// The points that must be met before exposure grows, read by the host: people who have approved or
// reviewed, the model card, hooks. Each reading is evidence: what was asked, what answered, when.
// Input: the plan's gates, the orders of the journal, the host's teams, a reader of model cards.
// Output: a bit for each gate that is passed, and what is missing in words. Owner: the host.
//
// What cannot be read is not passed. A reading is of the release's own record, and so of its
// candidate's digest: an approval of another candidate never counts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/host/authority.h"
#include "runtime/host/gate_reading.h"
#include "runtime/host/stage_hooks.h"
#include "runtime/host/world_probes.h"
#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

namespace rel {

// What a model card says: the candidate it names in its front matter, and its headings.
struct ModelCard {
  std::string candidate;
  std::vector<std::string> headings;
};
using ReadModelCard = std::function<Result<ModelCard>(const std::string& path)>;

// What gates are read from, besides files. Borrowed for a reading.
struct GateSources {
  HandTable& orders;
  int64_t release = 0;  // of the journal; 0: it has no record yet
  const std::optional<RehearsalRecord>& rehearsed;
  const StageHooks& hooks;
  const WorldProbes& world;
};

class Checklist {
 public:
  // Borrows plan and rules. `folder` is the policy's, which paths are relative to.
  Checklist(const Plan& plan, const ControlRules& rules, ReadModelCard read_card,
            std::string folder);

  // Asks everything anew. A journal that cannot be read is an error; the readings stay.
  Status read(const GateSources& sources, int64_t now_ns);
  uint64_t passed() const;
  std::span<const GateReading> readings() const { return readings_; }
  // Readings whose answer has changed since they were last kept, and: they are kept now.
  bool has_changes() const;
  std::vector<ProbeRecord> changes(int64_t release) const;
  void keep_changes() { kept_ = readings_; }

  // The points that an approval of this peer counts for; with a name, only that one. Nothing: an
  // error that says who could.
  Result<std::string> approvable(const Peer& peer, const std::string& point) const;
  // The same for a review of the stage.
  Status reviewable(const Peer& peer, StageId stage) const;

 private:
  GateReading read_people(const Gate& gate, std::span<const HandRecord> orders, int64_t now_ns);
  GateReading read_card(const Gate& gate) const;
  GateReading read_rehearsal(const Gate& gate, const std::optional<RehearsalRecord>& rehearsed,
                             int64_t now_ns) const;
  GateReading read_evidence(const Gate& gate) const;
  std::string path_of(std::string_view path) const;
  bool is_new(size_t gate) const;
  std::string team_of(const Gate& gate) const;

  const Plan& plan_;
  const ControlRules& rules_;
  ReadModelCard read_card_;
  std::string folder_;
  std::vector<GateReading> readings_;
  std::vector<GateReading> kept_;
};

}  // namespace rel
