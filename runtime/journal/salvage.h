// What a damaged journal still has, and what it has lost. Reads only.
// Input: the path of a journal. Output: lines for people; an error when nothing of it can be read.
// Owner: `relc run --salvage`.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace rel {

struct SalvageReport {
  std::vector<std::string> lines;
  bool lost_something = false;
};

Result<SalvageReport> salvage_journal(const std::string& path);

}  // namespace rel
