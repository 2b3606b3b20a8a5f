#include "compiler/sema/check.h"

#include <fmt/format.h>

#include "compiler/sema/conditions.h"
#include "compiler/sema/context.h"
#include "compiler/sema/routing.h"

namespace rel::sema {

TypedPolicy check_policy(const Sources& sources, const std::vector<ast::File>& files,
                         Diagnostics& diagnostics) {
  TypedPolicy policy;
  const ast::File& root = files.front();
  policy.file = root.id;
  const Scope scope = make_scope(files, diagnostics);
  std::set<std::string> complained;
  const Context context{sources, scope, policy, diagnostics, complained, &root};
  check_models(context);
  check_metrics(context);
  check_digests(context);
  check_segments(context);
  Conditions conditions(context);
  std::map<std::string_view, Span> names;
  for (const ast::Release& release : root.releases) {
    const auto [place, added] = names.try_emplace(release.name.text, release.name.span);
    if (!added) {
      diagnostics
          .report(Code::duplicate_name, release.name.span,
                  fmt::format("the release `{}` is declared twice", release.name.text))
          .label(place->second, "first declared here");
    }
    check_release(context, conditions, release);
  }
  check_sets(context);
  conditions.check_guards();
  check_expected(context);
  check_tests(context);
  return policy;
}

}  // namespace rel::sema
