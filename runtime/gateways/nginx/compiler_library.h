// librel_compiler.so, loaded into nginx's master when a policy is text. It stands one folder above
// the module: lib/nginx/ngx_http_release_module.so, lib/librel_compiler.so.
// Input: a policy file. Output: plan bytes, machine code, diagnostics. Never loaded in a worker.
#pragma once

#include <memory>
#include <string>

#include "runtime/base/result.h"
#include "runtime/gateways/compiler_plugin.h"

namespace rel::gateway {

class CompilerLibrary {
 public:
  // Loads the library and finds its functions; the error names the path that was tried.
  static Result<CompilerLibrary> load();

  using Compiled = std::unique_ptr<RelCompiled, decltype(&rel_compiled_free)>;

  // `release` empty: the only one of the file.
  Compiled compile(const std::string& policy, const std::string& release, RelCompileMode mode,
                   double time_scale) const;
  bool failed(const Compiled& compiled) const { return failed_(compiled.get()) != 0; }
  std::string diagnostics(const Compiled& compiled) const { return diagnostics_(compiled.get()); }
  std::string_view plan(const Compiled& compiled) const;
  std::span<const PredicateFn> predicates(const Compiled& compiled) const;

 private:
  decltype(&rel_compile_file) compile_ = nullptr;
  decltype(&rel_compiled_failed) failed_ = nullptr;
  decltype(&rel_compiled_diagnostics) diagnostics_ = nullptr;
  decltype(&rel_compiled_plan) plan_ = nullptr;
  decltype(&rel_compiled_predicates) predicates_ = nullptr;
  decltype(&rel_compiled_free) free_ = nullptr;
};

}  // namespace rel::gateway
