#include "compiler/plugin/plugin.h"

#include <cmath>
#include <cstdio>
#include <dlfcn.h>
#include <fstream>
#include <memory>
#include <new>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_short.h"
#include "compiler/plugin/codegen_library.h"

struct RelCompiled {
  bool failed = true;
  std::string diagnostics;
  std::string plan;
  RelJit* jit = nullptr;
  rel::CodegenFunctions library;

  ~RelCompiled() {
    if (jit != nullptr) library.jit_free(jit);
  }
};

namespace {

using namespace rel;

void fail(RelCompiled& compiled, std::string_view path, std::string_view why) {
  compiled.diagnostics += fmt::format("{}: error: {}\n", path, why);
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  // Copying nothing counts as a failure of the stream: an empty file is not copied.
  if (file.peek() != std::ifstream::traits_type::eof()) bytes << file.rdbuf();
  if (!file.is_open() || file.bad()) {
    return Error{"cannot be read; check that it exists and may be read"};
  }
  return std::move(bytes).str();
}

// Where this library is: librel_codegen.so is installed beside it.
std::string own_directory() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&rel_compile_file), &info) == 0 || !info.dli_fname) return ".";
  const std::string path = info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

// The plan of the one release asked for, from a policy text.
std::optional<Plan> compile_policy(RelCompiled& compiled, const std::string& path,
                                   const CompileOptions& options) {
  Sources sources;
  const Result<FileId> file = sources.read(path);
  if (!file) {
    fail(compiled, path, file.error().message);
    return std::nullopt;
  }
  Diagnostics diagnostics;
  Compiled result = compile(sources, *file, options, diagnostics);
  compiled.diagnostics += render_short(sources, diagnostics.all());
  if (diagnostics.has_errors()) return std::nullopt;
  if (result.plans.size() == 1) return std::move(result.plans.front());
  fail(compiled, path,
       result.plans.empty() ? "the policy declares no release"
                            : "the policy declares several releases; name the one to run");
  return std::nullopt;
}

std::optional<Plan> read_plan(RelCompiled& compiled, const std::string& path,
                              std::string_view bytes, const CompileOptions& options) {
  Result<Plan> plan = load_plan(bytes);
  if (!plan) {
    fail(compiled, path, plan.error().message);
    return std::nullopt;
  }
  if (!options.release.empty() && plan->release != options.release) {
    fail(compiled, path, fmt::format("this is the plan of the release `{}`, not of `{}`",
                                     plan->release, options.release));
    return std::nullopt;
  }
  if (options.time_scale != 1) {
    fail(compiled, path, "a saved plan is never scaled; build it with `--scale-time` instead");
    return std::nullopt;
  }
  return std::move(*plan);
}

bool compile_predicates(RelCompiled& compiled, std::string_view path) {
  Result<CodegenFunctions> library = load_codegen(own_directory());
  if (!library) {
    fail(compiled, path, library.error().message);
    return false;
  }
  compiled.library = *library;
  char why[1024] = "";
  compiled.jit =
      library->jit_compile(compiled.plan.data(), compiled.plan.size(), why, sizeof why);
  if (compiled.jit == nullptr) fail(compiled, path, why);
  return compiled.jit != nullptr;
}

void compile_into(RelCompiled& compiled, const std::string& path, const CompileOptions& options,
                  int mode) {
  if (!(options.time_scale > 0) || !std::isfinite(options.time_scale)) {
    return fail(compiled, path, "the time scale must be a number above 0");
  }
  const Result<std::string> bytes = read_file(path);
  if (!bytes) return fail(compiled, path, bytes.error().message);
  const std::optional<Plan> plan = is_saved_plan(*bytes)
                                       ? read_plan(compiled, path, *bytes, options)
                                       : compile_policy(compiled, path, options);
  if (!plan) return;
  compiled.plan = save_plan(*plan);
  if (mode == rel_compile_jit && !compile_predicates(compiled, path)) return;
  compiled.failed = false;
}

}  // namespace

RelCompiled* rel_compile_file(const char* path, const char* release, int mode, double time_scale) {
  std::unique_ptr<RelCompiled> compiled(new (std::nothrow) RelCompiled);
  if (!compiled) return nullptr;
  // Nothing thrown may cross into a C program; only memory can run out here.
  try {
    const CompileOptions options{release == nullptr ? "" : release, time_scale};
    compile_into(*compiled, path, options, mode);
  } catch (const std::bad_alloc&) {
    return nullptr;
  } catch (const std::exception& error) {
    compiled->failed = true;
    compiled->diagnostics = error.what();
  }
  return compiled.release();
}

int rel_compiled_failed(const RelCompiled* compiled) { return compiled->failed ? 1 : 0; }

const char* rel_compiled_diagnostics(const RelCompiled* compiled) {
  return compiled->diagnostics.c_str();
}

const char* rel_compiled_plan(const RelCompiled* compiled, size_t* size) {
  *size = compiled->plan.size();
  return compiled->failed ? nullptr : compiled->plan.data();
}

const rel::PredicateFn* rel_compiled_predicates(const RelCompiled* compiled, size_t* count) {
  *count = compiled->jit == nullptr ? 0 : compiled->library.jit_predicate_count(compiled->jit);
  return *count == 0 ? nullptr : compiled->library.jit_predicates(compiled->jit);
}

void rel_compiled_free(RelCompiled* compiled) { delete compiled; }
