#include "compiler/cli/policy_file.h"

#include <cstdio>

#include <fmt/core.h>

#include "compiler/cli/findings.h"
#include "compiler/compile.h"

namespace rel::cli {
namespace {

bool is_built_plan(const std::string& path) { return path.ends_with(".plan"); }

Result<Plan> load_built(const PolicyFile& file, const std::string& bytes) {
  if (file.time_scale != 1.0) {
    return Error{fmt::format("{} is a built plan, its times are fixed; give --scale-time to "
                             "`relc build`",
                             file.path)};
  }
  Result<Plan> plan = load_plan(bytes);
  if (!plan) return Error{fmt::format("{}: {}", file.path, plan.error().message)};
  if (!file.release.empty() && plan->release != file.release) {
    return Error{fmt::format("{} is the plan of release `{}`, not of `{}`", file.path,
                             plan->release, file.release)};
  }
  return plan;
}

Result<Plan> only_plan(const PolicyFile& file, std::vector<Plan> plans) {
  if (plans.size() == 1) return std::move(plans[0]);
  if (plans.empty()) {
    return Error{fmt::format("{} has no release{}", file.path,
                             file.release.empty() ? "" : " named `" + file.release + "`")};
  }
  std::string names;
  for (const Plan& plan : plans) names += (names.empty() ? "" : ", ") + plan.release;
  return Error{fmt::format("{} has several releases; choose one with --release: {}", file.path,
                           names)};
}

}  // namespace

Result<Plan> load_policy_file(const PolicyFile& file) {
  Sources sources;
  Result<FileId> id = sources.read(file.path);
  if (!id) return id.error();
  if (is_built_plan(file.path)) return load_built(file, sources.file(*id).text);
  Diagnostics diagnostics;
  Compiled compiled = compile(sources, *id, {.release = file.release,
                                             .time_scale = file.time_scale},
                              diagnostics);
  diagnostics.sort();
  print_findings(stderr, Format::text, sources, diagnostics);
  if (diagnostics.has_errors()) return Error{fmt::format("{} has errors", file.path)};
  return only_plan(file, std::move(compiled.plans));
}

}  // namespace rel::cli
