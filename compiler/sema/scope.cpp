#include "compiler/sema/scope.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rel::sema {

namespace {

constexpr std::array<std::string_view, 25> functions = {
    "p50",       "p75",        "p90",  "p95",       "p99",      "p999",     "quantile", "mean",
    "sum",       "min",        "max",  "rate",      "share",    "count",    "samples",  "requests",
    "agreement", "difference", "loss", "unanswered", "evidence", "spread",
    "drift",     "jensen_shannon", "ks"};

// A declaration of `own` replaces one of the same name in a file that it imports: `import
// std.guards` brings a whole library, whose names must not be taken for ever. None: nothing
// replaces anything.
template <typename Declaration>
void declare(Names<Declaration>& names, std::string_view what, const ast::File& file,
             const std::vector<Declaration>& declarations, const ast::File* own,
             Diagnostics& diagnostics) {
  for (const Declaration& declaration : declarations) {
    const ast::Name& name = declaration.name;
    const auto [place, added] = names.try_emplace(name.text, &file, &declaration);
    if (added) continue;
    if (place->second.file == own && own != &file) continue;
    diagnostics
        .report(Code::duplicate_name, name.span,
                fmt::format("the {} `{}` is declared twice", what, name.text))
        .primary("declared again here")
        .label(place->second.node->name.span, "first declared here")
        .with_help("give one of them another name, or remove it");
  }
}

void refuse_reserved(const Scope& scope, Diagnostics& diagnostics) {
  for (const auto& [name, metric] : scope.metrics) {
    if (!is_arm(name)) continue;
    diagnostics
        .report(Code::reserved_name, metric.node->name.span,
                fmt::format("a metric cannot be called `{}`", name))
        .primary("this is the name of an arm");
  }
  for (const auto& [name, guard] : scope.guards) {
    if (!is_function(name) && !is_arm(name)) continue;
    diagnostics
        .report(Code::reserved_name, guard.node->name.span,
                fmt::format("a guard cannot be called `{}`", name))
        .primary(is_arm(name) ? "this is the name of an arm" : "this is a built-in function");
  }
}

}  // namespace

Scope make_scope(const std::vector<ast::File>& files, Diagnostics& diagnostics) {
  Scope scope;
  for (const ast::File& file : files) {
    declare(scope.models, "model", file, file.models, nullptr, diagnostics);
    declare(scope.metrics, "metric", file, file.metrics, nullptr, diagnostics);
    declare(scope.segments, "segment", file, file.segments, nullptr, diagnostics);
    declare(scope.guards, "guard", file, file.guards, &files.front(), diagnostics);
    declare(scope.policies, "policy", file, file.policies, nullptr, diagnostics);
    declare(scope.strategies, "strategy", file, file.strategies, &files.front(), diagnostics);
    for (const ast::Name& name : file.left_out) scope.left_out.insert(name.text);
    scope.incomplete = scope.incomplete || file.incomplete;
  }
  refuse_reserved(scope, diagnostics);
  return scope;
}

std::vector<std::string_view> function_names() { return {functions.begin(), functions.end()}; }

bool is_function(std::string_view name) {
  return std::find(functions.begin(), functions.end(), name) != functions.end();
}

bool is_arm(std::string_view name) { return name == "candidate" || name == "baseline"; }

Diagnostic& report_unknown(Diagnostics& diagnostics, Code code, std::string_view what,
                           const ast::Name& word, std::span<const std::string_view> known) {
  Diagnostic& diagnostic =
      diagnostics.report(code, word.span, fmt::format("there is no {} `{}`", what, word.text));
  const std::string_view near = nearest_name(word.text, known);
  if (!near.empty()) {
    return diagnostic.with_fix(word.span, std::string{near},
                               fmt::format("did you mean `{}`?", near), false);
  }
  constexpr size_t listed_max = 8;
  if (known.empty() || known.size() > listed_max) return diagnostic;
  std::string list;
  for (const std::string_view name : known) {
    list += fmt::format("{}`{}`", list.empty() ? "" : ", ", name);
  }
  return diagnostic.with_help("known here: " + list);
}

}  // namespace rel::sema
