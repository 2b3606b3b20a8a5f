#include "compiler/plugin/codegen_library.h"

#include <dlfcn.h>

#include <fmt/format.h>

namespace rel {

namespace {

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

Result<CodegenFunctions> load_codegen(const std::string& directory) {
  const std::string path = directory + "/librel_codegen.so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Error{fmt::format("cannot load {}: {}; install LLVM 19 and build with REL_LLVM=ON",
                             path, dlerror())};
  }
  CodegenFunctions found;
  const bool complete = find(library, "rel_jit_compile", found.jit_compile) &&
                        find(library, "rel_jit_predicates", found.jit_predicates) &&
                        find(library, "rel_jit_predicate_count", found.jit_predicate_count) &&
                        find(library, "rel_jit_free", found.jit_free);
  if (complete) return found;
  dlclose(library);
  return Error{
      fmt::format("{} is of another version; install it together with this program", path)};
}

}  // namespace rel
