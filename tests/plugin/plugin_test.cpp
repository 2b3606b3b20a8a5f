// librel_compiler.so through its C interface, loaded as a gateway's master loads it.
#include <catch2/catch.hpp>

#include <dlfcn.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "compiler/plugin/plugin.h"
#include "runtime/plan/plan.h"

namespace {

namespace fs = std::filesystem;
using namespace rel;

const std::string example = REL_SOURCE_DIR "/examples/01_canary.release";

// With a sanitizer or without LLVM there is no code generation to load.
bool has_codegen() { return fs::exists(REL_BUILD_DIR "/lib/librel_codegen.so"); }

struct Plugin {
  decltype(&rel_compile_file) compile_file = nullptr;
  decltype(&rel_compiled_failed) failed = nullptr;
  decltype(&rel_compiled_diagnostics) diagnostics = nullptr;
  decltype(&rel_compiled_plan) plan = nullptr;
  decltype(&rel_compiled_predicates) predicates = nullptr;
  decltype(&rel_compiled_free) free = nullptr;
};

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  REQUIRE(function != nullptr);
}

Plugin load_plugin() {
  void* library = dlopen(REL_BUILD_DIR "/lib/librel_compiler.so", RTLD_NOW | RTLD_LOCAL);
  INFO((library == nullptr ? dlerror() : ""));
  REQUIRE(library != nullptr);
  Plugin plugin;
  find(library, "rel_compile_file", plugin.compile_file);
  find(library, "rel_compiled_failed", plugin.failed);
  find(library, "rel_compiled_diagnostics", plugin.diagnostics);
  find(library, "rel_compiled_plan", plugin.plan);
  find(library, "rel_compiled_predicates", plugin.predicates);
  find(library, "rel_compiled_free", plugin.free);
  return plugin;
}

// A directory that is gone at the end of its test.
struct Folder {
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "rel_plugin_XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() { fs::remove_all(path); }

  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }
  fs::path path;
};

class Compilation {
 public:
  Compilation(const Plugin& plugin, const std::string& path, const char* release, int mode,
              double time_scale)
      : plugin_(plugin),
        compiled_(plugin.compile_file(path.c_str(), release, mode, time_scale)) {
    REQUIRE(compiled_ != nullptr);
  }
  ~Compilation() { plugin_.free(compiled_); }
  Compilation(const Compilation&) = delete;
  Compilation& operator=(const Compilation&) = delete;

  bool failed() const { return plugin_.failed(compiled_) != 0; }
  std::string diagnostics() const { return plugin_.diagnostics(compiled_); }
  std::string_view bytes() const {
    size_t size = 0;
    const char* data = plugin_.plan(compiled_, &size);
    return data == nullptr ? std::string_view{} : std::string_view{data, size};
  }
  std::span<const PredicateFn> predicates() const {
    size_t count = 0;
    const PredicateFn* first = plugin_.predicates(compiled_, &count);
    return {first, count};
  }

 private:
  const Plugin& plugin_;
  RelCompiled* compiled_;
};

}  // namespace

TEST_CASE("a policy becomes a saved plan", "[plugin]") {
  const Plugin plugin = load_plugin();
  const Compilation compiled(plugin, example, nullptr, rel_compile_interpret, 1);
  INFO(compiled.diagnostics());
  REQUIRE(!compiled.failed());
  const Result<Plan> plan = load_plan(compiled.bytes());
  REQUIRE(plan);
  CHECK(plan->release == "fraud_v13");
  CHECK(compiled.predicates().empty());
}

TEST_CASE("the time scale reaches the stages", "[plugin]") {
  const Plugin plugin = load_plugin();
  const Compilation compiled(plugin, example, "fraud_v13", rel_compile_interpret, 0.5);
  REQUIRE(!compiled.failed());
  const Result<Plan> plan = load_plan(compiled.bytes());
  REQUIRE(plan);
  CHECK(plan->steps[0].duration_ns == 10'000'000'000);
  CHECK(Compilation(plugin, example, "", rel_compile_interpret, 0).failed());
}

TEST_CASE("compiled predicates come with the plan, or the reason why not", "[plugin]") {
  const Plugin plugin = load_plugin();
  const Compilation compiled(plugin, example, "", rel_compile_jit, 1);
  INFO(compiled.diagnostics());
  REQUIRE(compiled.failed() != has_codegen());
  if (!has_codegen()) {
    CHECK(compiled.diagnostics().find("librel_codegen.so") != std::string::npos);
    return;
  }
  const Result<Plan> plan = load_plan(compiled.bytes());
  REQUIRE(plan);
  REQUIRE(compiled.predicates().size() == plan->predicates.size());
  // Nothing was observed yet: the compiled trigger says so, as the interpreter does.
  const std::vector<double> values(plan->frame_size, 0.0);
  const std::vector<uint8_t> causes(plan->frame_size, cause_no_data);
  const std::vector<uint8_t> sustained(plan->sustains.size(),
                                       static_cast<uint8_t>(Verdict::no_data));
  const FrameView frame{values.data(), causes.data(), sustained.data()};
  const Evaluator evaluator{&*plan, compiled.predicates()};
  for (uint32_t row = 0; row < plan->predicates.size(); ++row) {
    CHECK(evaluator(PredicateId{row}, frame) == interpret(*plan, PredicateId{row}, frame));
  }
}

TEST_CASE("a wrong policy fails with its place in the form of compilers", "[plugin]") {
  const Plugin plugin = load_plugin();
  const Folder folder;
  const std::string path = folder.write("wrong.release", "guard slow = p99(latency) > 300ms\n"
                                                         "metric failed : flags per request\n");
  const Compilation compiled(plugin, path, nullptr, rel_compile_interpret, 1);
  REQUIRE(compiled.failed());
  CHECK(compiled.bytes().empty());
  CHECK(compiled.diagnostics().find(path + ":1:18: error: there is no metric `latency`") !=
        std::string::npos);
  CHECK(compiled.diagnostics().find(path + ":2:17: error:") != std::string::npos);
}

TEST_CASE("a file that cannot be run fails with the remedy", "[plugin]") {
  const Plugin plugin = load_plugin();
  const Folder folder;
  const auto diagnostics = [&](const std::string& path, const char* release) {
    const Compilation compiled(plugin, path, release, rel_compile_interpret, 1);
    CHECK(compiled.failed());
    return compiled.diagnostics();
  };
  CHECK(diagnostics((folder.path / "absent").string(), "").find("cannot be read") !=
        std::string::npos);
  CHECK(diagnostics(folder.write("empty.release", ""), "").find("declares no release") !=
        std::string::npos);
  CHECK(diagnostics(example, "fraud").find("has no release `fraud`") != std::string::npos);
  CHECK(diagnostics(folder.write("bad.plan", std::string("RELPLAN\0damaged", 15)), "")
            .find("cut short") != std::string::npos);
}

TEST_CASE("a saved plan is loaded as it is", "[plugin]") {
  const Plugin plugin = load_plugin();
  const Folder folder;
  const Compilation built(plugin, example, nullptr, rel_compile_interpret, 1);
  REQUIRE(!built.failed());
  const std::string path = folder.write("canary.plan", built.bytes());
  const Compilation loaded(plugin, path, "fraud_v13", rel_compile_interpret, 1);
  REQUIRE(!loaded.failed());
  CHECK(loaded.bytes() == built.bytes());

  const Compilation other(plugin, path, "another", rel_compile_interpret, 1);
  CHECK(other.diagnostics().find("not of `another`") != std::string::npos);
  const Compilation scaled(plugin, path, nullptr, rel_compile_interpret, 2);
  CHECK(scaled.diagnostics().find("never scaled") != std::string::npos);
}
