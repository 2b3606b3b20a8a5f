#include "compiler/plugin/codegen_library.h"

#include <cstdlib>
#include <dlfcn.h>

#include <fmt/format.h>

namespace rel {

namespace {

constexpr size_t error_bytes = 1024;

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

Result<CodegenLibrary> load_codegen(const std::string& directory) {
  const std::string path = directory + "/librel_codegen.so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Error{fmt::format("cannot load {}: {}; install LLVM 19 and build with REL_LLVM=ON",
                             path, dlerror())};
  }
  CodegenLibrary found;
  const bool complete = find(library, "rel_jit_compile", found.jit_compile) &&
                        find(library, "rel_jit_predicates", found.jit_predicates) &&
                        find(library, "rel_jit_predicate_count", found.jit_predicate_count) &&
                        find(library, "rel_jit_free", found.jit_free) &&
                        find(library, "rel_codegen_emit", found.emit);
  if (complete) return found;
  dlclose(library);
  return Error{
      fmt::format("{} is of another version; install it together with this program", path)};
}

Result<std::string> emit_code(const CodegenLibrary& library, std::string_view plan,
                              const std::string& kind) {
  char why[error_bytes] = "";
  size_t size = 0;
  char* bytes =
      library.emit(plan.data(), plan.size(), kind.c_str(), &size, why, sizeof why);
  if (bytes == nullptr) return Error{why};
  std::string artefact(bytes, size);
  std::free(bytes);
  return artefact;
}

}  // namespace rel
