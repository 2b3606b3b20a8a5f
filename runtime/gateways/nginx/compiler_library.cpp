// Loading the compiler.
#include "runtime/gateways/nginx/compiler_library.h"

#include <dlfcn.h>

#include <filesystem>

namespace rel::gateway {
namespace {

// Where this module was loaded from.
std::filesystem::path module_path() {
  Dl_info info{};
  const int found = ::dladdr(reinterpret_cast<const void*>(&module_path), &info);
  return found != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace

Result<CompilerLibrary> CompilerLibrary::load() {
  const std::filesystem::path path =
      module_path().parent_path().parent_path() / "librel_compiler.so";
  // Never unloaded: compiled predicates of a former configuration may still be in use, and the
  // code generator's own library does not support being unloaded.
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = ::dlerror();
    return Error{"the compiler cannot be loaded: " + std::string(reason ? reason : "unknown") +
                 "; put librel_compiler.so at " + path.string() +
                 ", or name a plan made by `relc build --emit plan`"};
  }
  CompilerLibrary loaded;
  const bool whole = find(library, "rel_compile_file", loaded.compile_) &&
                     find(library, "rel_compiled_failed", loaded.failed_) &&
                     find(library, "rel_compiled_diagnostics", loaded.diagnostics_) &&
                     find(library, "rel_compiled_plan", loaded.plan_) &&
                     find(library, "rel_compiled_predicates", loaded.predicates_) &&
                     find(library, "rel_compiled_free", loaded.free_);
  if (!whole) return Error{path.string() + ": not the compiler of this version"};
  return loaded;
}

CompilerLibrary::Compiled CompilerLibrary::compile(const std::string& policy,
                                                   const std::string& release,
                                                   RelCompileMode mode, double time_scale) const {
  return {compile_(policy.c_str(), release.c_str(), mode, time_scale), free_};
}

std::string_view CompilerLibrary::plan(const Compiled& compiled) const {
  size_t size = 0;
  const char* bytes = plan_(compiled.get(), &size);
  return {bytes, size};
}

std::span<const PredicateFn> CompilerLibrary::predicates(const Compiled& compiled) const {
  size_t count = 0;
  const PredicateFn* functions = predicates_(compiled.get(), &count);
  return {functions, count};
}

}  // namespace rel::gateway
