// Paths of policies.
#include "compiler/cli/policy_paths.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

namespace rel::cli {

std::vector<std::string> policies_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;  // what is no directory is read as a file, and that says what is wrong
  if (path == "-" || !fs::is_directory(path, ignored)) return {path};
  std::vector<std::string> found;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(path, options, ignored), end; at != end;
       at.increment(ignored))
    if (at->path().extension() == ".release" && !at->is_directory(ignored))
      found.push_back(at->path().string());
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> policies_of_all(const std::vector<std::string>& paths, bool& found_all) {
  std::vector<std::string> made;
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    const std::vector<std::string> policies = policies_of(path);
    if (policies.empty()) {
      std::fprintf(stderr, "relc: no *.release file below `%s`\n", path.c_str());
      found_all = false;
    }
    for (const std::string& policy : policies)
      if (seen.insert(policy).second) made.push_back(policy);
  }
  return made;
}

}  // namespace rel::cli
