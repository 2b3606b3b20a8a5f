// Runs commands through the shell, their streams in files.
#include "tests/ui/relc_folder.h"

#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace rel::test {

namespace fs = std::filesystem;

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "rel_check_XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;  // the test has its result; a leftover folder does not change it
  fs::remove_all(path_, ignored);
}

void Folder::write(const std::string& name, const std::string& text) const {
  fs::create_directories((path_ / name).parent_path());
  std::ofstream(path_ / name, std::ios::binary) << text;
}

std::string Folder::read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(path_ / name).rdbuf();
  return text.str();
}

Run Folder::relc(const std::string& arguments, const std::string& input) const {
  return shell("'" REL_BUILD_DIR "/bin/relc' " + arguments, input);
}

Run Folder::shell(const std::string& command, const std::string& input) const {
  write("stdin", input);
  const std::string whole = "cd '" + path_.string() + "' && { " + command + "; } <stdin >out 2>err";
  const int status = std::system(whole.c_str());
  REQUIRE(WIFEXITED(status));
  return Run{WEXITSTATUS(status), read("out"), read("err")};
}

}  // namespace rel::test
