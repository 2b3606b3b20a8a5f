#include "compiler/cli/http_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace rel::cli {

// It is never unloaded: libcurl and the TLS library below keep state of the process.
Result<HttpClient*> load_http_client() {
  std::error_code failed;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return Error{fmt::format("cannot find this program: {}", failed.message())};
  const std::string path = (program.parent_path().parent_path() / "lib" / "librel_http.so").string();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Error{fmt::format("cannot load HTTP: {}", dlerror())};
  const auto client =
      reinterpret_cast<decltype(&rel_http_client)>(dlsym(library, "rel_http_client"));
  if (client == nullptr) {
    return Error{fmt::format("{} belongs to another version of relc", path)};
  }
  return client();
}

}  // namespace rel::cli
