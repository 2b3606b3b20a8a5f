#include "compiler/compile.h"

#include <cmath>

#include <fmt/format.h>

#include "compiler/diagnostics/allow.h"
#include "compiler/diagnostics/secrets.h"
#include "compiler/lints/lint.h"
#include "compiler/plan/lower.h"
#include "compiler/sema/check.h"
#include "compiler/sema/imports.h"
#include "runtime/base/check.h"

namespace rel {

namespace {

void report_unknown_release(const sema::TypedPolicy& policy, const std::string& wanted,
                            Diagnostics& diagnostics) {
  std::vector<std::string_view> names;
  for (const sema::TypedRelease& release : policy.releases) names.push_back(release.name);
  const Span start{policy.file, 0, 0};
  Diagnostic& diagnostic =
      diagnostics.report(Code::unknown_release, start,
                         fmt::format("this policy has no release `{}`", wanted));
  const std::string_view near = nearest_name(wanted, names);
  if (!near.empty()) diagnostic.with_help(fmt::format("did you mean `{}`?", near));
  if (names.empty()) diagnostic.with_note("it declares no release at all");
}

}  // namespace

Compiled compile(Sources& sources, FileId file, const CompileOptions& options,
                 Diagnostics& diagnostics) {
  REL_CHECK(std::isfinite(options.time_scale) && options.time_scale > 0);
  Compiled compiled;
  std::vector<ast::File> files;
  if (!sema::load_files(sources, file, diagnostics, files)) return compiled;
  compiled.policy = sema::check_policy(sources, files, diagnostics);
  const sema::TypedPolicy& policy = compiled.policy;
  if (!options.release.empty()) {
    bool found = false;
    for (const sema::TypedRelease& release : policy.releases) {
      found = found || release.name == options.release;
    }
    if (!found && !diagnostics.has_errors()) {
      report_unknown_release(policy, options.release, diagnostics);
    }
  }
  std::vector<FileId> ids;
  for (const ast::File& each : files) ids.push_back(each.id);
  const bool sound = !diagnostics.has_errors();
  if (sound) {
    lints::run(policy, diagnostics);
    find_secrets(sources, ids, diagnostics);
    for (const sema::TypedRelease& release : policy.releases) {
      if (!options.release.empty() && release.name != options.release) continue;
      std::optional<Plan> plan =
          lower(sources, policy, release, options.time_scale, diagnostics);
      if (!plan) continue;
      REL_CHECK(verify_plan(*plan).has_value());
      compiled.expected.push_back(expectations_of(policy, release, *plan));
      compiled.plans.push_back(std::move(*plan));
    }
  }
  apply_allows(sources, ids, sound, diagnostics);
  diagnostics.sort();
  if (diagnostics.has_errors()) compiled = Compiled{};
  return compiled;
}

}  // namespace rel
