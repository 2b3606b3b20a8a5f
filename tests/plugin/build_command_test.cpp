// `relc build` as a process: what it writes and how it ends.
#include <catch2/catch.hpp>

#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/plan/plan.h"

namespace {

namespace fs = std::filesystem;
using namespace rel;

const std::string example = REL_SOURCE_DIR "/examples/01_canary.release";

struct Run {
  int code = -1;
  std::string output;  // both streams
};

Run build(const std::string& arguments) {
  const std::string command = REL_BUILD_DIR "/bin/relc build " + arguments + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Run run;
  char buffer[4096];
  for (size_t size = 0; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    run.output.append(buffer, size);
  }
  const int status = pclose(pipe);
  REQUIRE(WIFEXITED(status));
  run.code = WEXITSTATUS(status);
  return run;
}

struct Folder {
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "rel_build_XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() { fs::remove_all(path); }

  std::string file(const std::string& name) const { return (path / name).string(); }
  std::string read(const std::string& name) const {
    std::ostringstream bytes;
    bytes << std::ifstream(path / name, std::ios::binary).rdbuf();
    return bytes.str();
  }
  fs::path path;
};

}  // namespace

TEST_CASE("a plan is written as a file and printed to a pipe", "[build]") {
  const Folder folder;
  const Run written = build(example + " -o " + folder.file("canary.plan"));
  INFO(written.output);
  REQUIRE(written.code == 0);
  CHECK(written.output.empty());
  const Result<Plan> plan = load_plan(folder.read("canary.plan"));
  REQUIRE(plan);
  // Nothing half-written stays behind.
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator{}) == 1);

  const Run printed = build(example + " -o -");
  CHECK(printed.code == 0);
  CHECK(printed.output == print_plan(*plan));
}

TEST_CASE("--scale-time scales the stages of a built plan", "[build]") {
  const Run run = build(example + " -o - --scale-time 0.25");
  CHECK(run.code == 0);
  CHECK(run.output.find("step 0 10% for 5s") != std::string::npos);
  CHECK(run.output.find("window 0 5s") != std::string::npos);
  CHECK(build(example + " -o - --scale-time 0").code == 2);
}

TEST_CASE("code is generated, or the missing library is named", "[build]") {
  const Folder folder;
  const bool possible = fs::exists(REL_BUILD_DIR "/lib/librel_codegen.so");
  const Run ir = build(example + " --emit ir -o " + folder.file("canary.ll"));
  const Run object = build(example + " --emit obj -o " + folder.file("canary.o"));
  CHECK(ir.code == (possible ? 0 : 2));
  CHECK(object.code == (possible ? 0 : 2));
  if (!possible) {
    CHECK(ir.output.find("librel_codegen.so") != std::string::npos);
    return;
  }
  CHECK(folder.read("canary.ll").find("rel_predicate_0") != std::string::npos);
  CHECK(folder.read("canary.o").substr(1, 3) == "ELF");
}

TEST_CASE("a build that fails says why and leaves nothing", "[build]") {
  const Folder folder;
  std::ofstream(folder.path / "wrong.release") << "guard slow = p99(latency) > 2%\n"
                                                  "metric latency : duration\n";
  const Run wrong = build(folder.file("wrong.release") + " -o " + folder.file("out.plan"));
  CHECK(wrong.code == 1);
  CHECK(wrong.output.find("error[REL1203]") != std::string::npos);
  CHECK(!fs::exists(folder.path / "out.plan"));

  CHECK(build(folder.file("absent.release") + " -o -").code == 2);
  CHECK(build(example).code == 2);
  CHECK(build(example + " -o - --emit wasm").code == 2);
  CHECK(build(example + " -o - --release fraud").code == 1);
  const Run nowhere = build(example + " -o " + folder.file("no/such/folder/x"));
  CHECK(nowhere.code == 2);
  CHECK(nowhere.output.find("cannot write") != std::string::npos);
}
