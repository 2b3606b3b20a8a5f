#include "compiler/sema/strategy_use.h"

#include <array>

#include <fmt/format.h>

#include "compiler/syntax/words.h"

namespace rel::sema {

namespace {

constexpr std::array<std::string_view, 3> forms = {"mirror", "steps", "split"};

template <typename Clause>
void replace(Clause& clause, const Clause& own) {
  if (own) clause = own;
}

void report_unknown_strategy(const Context& context, const ast::Name& name) {
  if (context.scope.may_exist(name.text)) return;
  std::vector<std::string_view> known = names_of(context.scope.strategies);
  known.insert(known.end(), forms.begin(), forms.end());
  report_unknown(context.diagnostics, Code::unknown_name, "strategy", name, known);
}

}  // namespace

StrategyUse::StrategyUse(const Context& context, Conditions& conditions, const ast::Stage& written)
    : outer_(context),
      written_(written),
      inner_{context.sources, context.scope,      context.policy,
             found_,          context.complained, context.root} {
  if (!written.use) return;
  made_ = written;
  write_out(conditions);
}

StrategyUse::~StrategyUse() {
  for (const Diagnostic& found : found_.all()) {
    Diagnostic& diagnostic = outer_.diagnostics.report(found.code, found.span, found.message);
    diagnostic = found;
    const bool elsewhere = found.span.offset < written_.span.offset ||
                           found.span.end() > written_.span.end() ||
                           !(found.span.file == written_.span.file);
    if (elsewhere)
      diagnostic.label(written_.use->span,
                       fmt::format("`{}` is written out here", written_.use->name.text));
  }
}

void StrategyUse::write_out(Conditions& conditions) {
  const ast::Expr& use = *written_.use;
  const auto declared = outer_.scope.strategies.find(use.name.text);
  made_.incomplete = true;  // until it is known what it is made of
  if (declared == outer_.scope.strategies.end()) return report_unknown_strategy(outer_, use.name);
  conditions.mark_used(declared->first);
  const ast::Strategy& strategy = *declared->second.node;
  if (strategy.body.use) {
    outer_.diagnostics
        .report(Code::strategy_in_strategy, strategy.body.use->span,
                fmt::format("the strategy `{}` is made of another one", strategy.name.text))
        .label(use.span, "used here")
        .with_help("write out what it is made of: `steps 1% for 1h, 5% for 4h`");
    return;
  }
  const Callee callee{strategy.name, strategy.parameters, *declared->second.file};
  std::optional<std::vector<Bound>> bound = conditions.bind(*outer_.root, use, callee);
  if (!bound) return;
  bound_ = std::move(*bound);
  inner_.bound = bound_;
  made_ = strategy.body;
  for (ast::Trigger& trigger : made_.triggers) trigger.file = declared->second.file;
  made_.name = written_.name;
  made_.span = written_.span;
  made_.strategy_span = use.span;
  made_.incomplete = written_.incomplete;
  replace(made_.soak, written_.soak);
  replace(made_.at_least, written_.at_least);
  replace(made_.at_most, written_.at_most);
  replace(made_.otherwise, written_.otherwise);
  replace(made_.unknown, written_.unknown);
  replace(made_.step_samples, written_.step_samples);
  replace(made_.watch, written_.watch);
  replace(made_.keep_warm, written_.keep_warm);
  replace(made_.sticky_by, written_.sticky_by);
  if (!written_.increases.empty()) made_.increases = written_.increases;
  made_.reviews.insert(made_.reviews.end(), written_.reviews.begin(), written_.reviews.end());
  made_.hooks.insert(made_.hooks.end(), written_.hooks.begin(), written_.hooks.end());
  made_.triggers.insert(made_.triggers.end(), written_.triggers.begin(), written_.triggers.end());
}

}  // namespace rel::sema
