#include "compiler/cli/codegen_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace rel::cli {
namespace {

constexpr size_t error_bytes = 2048;

// `DIR/../lib/librel_codegen.so`, where DIR is the directory of the running program.
Result<std::string> library_path() {
  std::error_code failed;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) {
    return Error{fmt::format("cannot find the directory of this program to load code generation "
                             "from: {}; is /proc mounted?",
                             failed.message())};
  }
  return (program.parent_path().parent_path() / "lib" / "librel_codegen.so").string();
}

}  // namespace

// The library's functions. It is never unloaded: LLVM does not take that well.
struct CodegenLibrary::Symbols {
  decltype(&rel_jit_compile) jit_compile = nullptr;
  decltype(&rel_jit_link) jit_link = nullptr;
  decltype(&rel_jit_predicates) jit_predicates = nullptr;
  decltype(&rel_jit_predicate_count) jit_predicate_count = nullptr;
  decltype(&rel_jit_free) jit_free = nullptr;
  decltype(&rel_codegen_emit) codegen_emit = nullptr;
};

struct CompiledPredicates::Parts {
  std::shared_ptr<const CodegenLibrary::Symbols> symbols;
  RelJit* jit = nullptr;
  std::span<const PredicateFn> functions;

  ~Parts() { symbols->jit_free(jit); }
};

CompiledPredicates::CompiledPredicates(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CompiledPredicates::CompiledPredicates(CompiledPredicates&&) noexcept = default;
CompiledPredicates& CompiledPredicates::operator=(CompiledPredicates&&) noexcept = default;
CompiledPredicates::~CompiledPredicates() = default;

std::span<const PredicateFn> CompiledPredicates::functions() const { return parts_->functions; }

CodegenLibrary::CodegenLibrary(std::shared_ptr<const Symbols> symbols)
    : symbols_(std::move(symbols)) {}

Result<CodegenLibrary> CodegenLibrary::load() {
  const auto path = library_path();
  if (!path) return path.error();
  void* library = dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    return Error{fmt::format("cannot load code generation: {}; build relc with REL_LLVM, or use "
                             "the interpreter",
                             dlerror())};
  }
  auto symbols = std::make_shared<Symbols>();
  const char* missing = nullptr;
  const auto bind = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    if (!function) missing = name;
  };
  bind(symbols->jit_compile, "rel_jit_compile");
  bind(symbols->jit_link, "rel_jit_link");
  bind(symbols->jit_predicates, "rel_jit_predicates");
  bind(symbols->jit_predicate_count, "rel_jit_predicate_count");
  bind(symbols->jit_free, "rel_jit_free");
  bind(symbols->codegen_emit, "rel_codegen_emit");
  if (missing) {
    return Error{fmt::format("{} has no `{}`; it belongs to another version of relc", *path,
                             missing)};
  }
  return CodegenLibrary(std::move(symbols));
}

Result<CompiledPredicates> CodegenLibrary::compile(const Plan& plan) const {
  const std::string bytes = save_plan(plan);
  char error[error_bytes] = "";
  RelJit* jit = symbols_->jit_compile(bytes.data(), bytes.size(), error, sizeof error);
  if (!jit) return Error{fmt::format("cannot compile release {}: {}", plan.release, error)};
  return owned(jit);
}

Result<CompiledPredicates> CodegenLibrary::link(const Plan& plan, const std::string& object) const {
  const std::string bytes = save_plan(plan);
  char error[error_bytes] = "";
  RelJit* jit = symbols_->jit_link(bytes.data(), bytes.size(), object.data(), object.size(), error,
                                   sizeof error);
  if (!jit) return Error{fmt::format("cannot link release {}: {}", plan.release, error)};
  return owned(jit);
}

CompiledPredicates CodegenLibrary::owned(RelJit* jit) const {
  auto parts = std::make_unique<CompiledPredicates::Parts>();
  parts->symbols = symbols_;
  parts->jit = jit;
  parts->functions = {symbols_->jit_predicates(jit), symbols_->jit_predicate_count(jit)};
  return CompiledPredicates(std::move(parts));
}

Result<std::string> CodegenLibrary::emit(const Plan& plan, Artefact artefact) const {
  const std::string bytes = save_plan(plan);
  char error[error_bytes] = "";
  size_t size = 0;
  const char* kind = artefact == Artefact::ir ? "ir" : "obj";
  char* text =
      symbols_->codegen_emit(bytes.data(), bytes.size(), kind, &size, error, sizeof error);
  if (!text) return Error{fmt::format("cannot generate code for {}: {}", plan.release, error)};
  std::string result(text, size);
  std::free(text);
  return result;
}

}  // namespace rel::cli
