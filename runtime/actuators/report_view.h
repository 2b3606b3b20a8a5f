// What a report says, apart from how it looks: every sentence once, for Markdown and for HTML.
// Input: the facts of a release that went back. Output: sections of plain text, tables and plots.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/actuators/report_text.h"
#include "runtime/plot/plot.h"

namespace rel {

using ReportPairs = std::vector<std::pair<std::string, std::string>>;

struct ReportArms {
  std::string measure;
  std::string candidate;
  std::string candidate_samples;
  std::string baseline;
  std::string baseline_samples;
};

struct ReportMoment {
  std::string time;
  std::string what;  // the kind of decision
  std::string text;
};

struct ReportStep {
  std::string text;
  std::string state;  // "done", "failed" ...
  std::string time;   // of that state; empty when it has not begun
  std::string took;   // since the release went back
  std::string detail;
};

struct ReportView {
  bool gone_back = false;
  bool failed = false;  // rolled back, not withdrawn
  std::string title;
  std::string summary;
  ReportPairs facts;
  std::string rule;  // empty: no trigger, the stage's own rule
  std::string rule_place;
  std::string rule_since;
  ReportPairs read;  // what the trigger read, and its value with the samples
  std::vector<ReportArms> arms;
  std::string arms_missing;  // why there are none
  std::vector<Plot> plots;
  ReportPairs affected;
  std::vector<ReportMoment> timeline;
  std::vector<ReportStep> way_back;
  std::vector<std::string> told;
  std::vector<std::string> questions;
};

ReportView report_view(const ReportFacts& facts);

// The template it is written in: the policy's, or ours for a release that went back or has not.
std::string_view layout_of(const ReportFacts& facts, const ReportView& view);
// A section that a release which has not gone back has nothing to say in.
bool is_about_way_back(std::string_view section);

// The parts of a report in the order of its template: text of the policy's, and sections by name.
struct ReportPart {
  bool is_section = false;
  std::string text;  // as written, or the section's name
};
std::vector<ReportPart> report_parts(std::string_view layout);

}  // namespace rel
