// Compiles plans through the C interface, the way a host does.
#include "tests/differential/compiled.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

namespace rel::test {
namespace {

// Removed with everything in it when it goes out of scope.
struct ScratchFolder {
  ScratchFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "relc-aot-XXXXXX";
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~ScratchFolder() { std::filesystem::remove_all(path); }

  std::filesystem::path path;
};

}  // namespace

JitCode::JitCode(const Plan& plan) {
  const std::string bytes = save_plan(plan);
  char error[512] = "";
  jit_.reset(rel_jit_compile(bytes.data(), bytes.size(), error, sizeof error));
  INFO(error);
  REQUIRE(jit_ != nullptr);
  REQUIRE(rel_jit_predicate_count(jit_.get()) == plan.predicates.size());
}

AotCode::AotCode(const Plan& plan) {
  const ScratchFolder folder;
  const std::string object = folder.path / "plan.o";
  const std::string library = folder.path / "plan.so";
  std::ofstream(object, std::ios::binary) << emit(plan, "obj");
  const std::string command = fmt::format("cc -shared -o {} {}", library, object);
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);

  library_ = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library_ != nullptr);
  for (size_t index = 0; index < plan.predicates.size(); ++index) {
    void* symbol = dlsym(library_, fmt::format("rel_predicate_{}", index).c_str());
    REQUIRE(symbol != nullptr);
    predicates_.push_back(reinterpret_cast<PredicateFn>(symbol));
  }
  const void* hash = dlsym(library_, "rel_plan_hash");
  REQUIRE(hash != nullptr);
  plan_hash_ = *static_cast<const uint64_t*>(hash);
}

AotCode::~AotCode() {
  if (library_ != nullptr) dlclose(library_);
}

std::string emit(const Plan& plan, const std::string& kind) {
  const std::string bytes = save_plan(plan);
  char error[512] = "";
  size_t size = 0;
  char* made = rel_codegen_emit(bytes.data(), bytes.size(), kind.c_str(), &size, error,
                                sizeof error);
  INFO(error);
  REQUIRE(made != nullptr);
  const std::string text(made, size);
  free(made);
  return text;
}

}  // namespace rel::test
