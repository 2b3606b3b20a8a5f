// Which policies the paths of a command line stand for. Input: paths as written. Output: files.
#pragma once

#include <string>
#include <vector>

namespace rel::cli {

// A path's policies: itself, or every *.release below a directory, in order of name. `-` is
// standard input. Empty: a directory without policies.
std::vector<std::string> policies_of(const std::string& path);

// Those of all paths, each once, in the order given. A directory without policies is said on
// standard error, and `found_all` becomes false.
std::vector<std::string> policies_of_all(const std::vector<std::string>& paths, bool& found_all);

}  // namespace rel::cli
