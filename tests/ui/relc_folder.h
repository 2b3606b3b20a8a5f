// A folder of its own in which relc is run, and which goes away with the test.
#pragma once

#include <filesystem>
#include <string>

namespace rel::test {

struct Run {
  int exit = -1;
  std::string out;
  std::string err;
};

class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  const std::filesystem::path& path() const { return path_; }

  // `arguments` are a shell's; the process runs in the folder.
  Run relc(const std::string& arguments, const std::string& input = "") const;
  Run shell(const std::string& command, const std::string& input = "") const;

 private:
  std::filesystem::path path_;
};

}  // namespace rel::test
