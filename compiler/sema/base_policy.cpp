// `release x of m extends acme`: what an organisation says stays in force, and a team may only be
// stricter. What the base says and the release does not is taken over; what both say is compared.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/sema/context.h"

namespace rel::sema {

namespace {

int strength(ast::UnknownVerb verb) {
  switch (verb) {
    case ast::UnknownVerb::alert: return 0;
    case ast::UnknownVerb::hold: return 1;
    case ast::UnknownVerb::rollback: return 2;
  }
  return 0;
}

class Extension {
 public:
  Extension(const Context& context, const ast::Release& release,
            const Declared<ast::Release>& policy)
      : context_(context), made_(release), base_(*policy.node), file_(policy.file) {}

  ast::Release extended() {
    if (!made_.owner) made_.owner = base_.owner;
    longest_pane();
    unknown();
    for (const ast::Stage& stage : made_.stages) unknown_in(stage);
    triggers();
    way_back();
    made_.incomplete = made_.incomplete || base_.incomplete;
    return std::move(made_);
  }

 private:
  void loosens(Span span, Span base, std::string message, std::string help) {
    context_.diagnostics.report(Code::loosens_base, span, std::move(message))
        .label(base, fmt::format("the policy `{}` says this", base_.name.text))
        .with_note("a release may be stricter than the policy it extends, never looser")
        .with_help(std::move(help));
  }

  // Both as amounts of one unit; another unit is reported where the quantity is read.
  static bool is_longer(const ast::Quantity& own, const ast::Quantity& base) {
    const auto a = amount_of(own).amount;
    const auto b = amount_of(base).amount;
    return a && b && a->unit == b->unit && a->value > b->value;
  }

  void longest_pane() {
    if (!made_.pane) made_.pane = base_.pane;
    else if (base_.pane && is_longer(*made_.pane, *base_.pane))
      loosens(made_.pane->span, base_.pane->span, "this pane is longer than the policy's",
              "leave it out, or make it shorter");
  }

  void unknown() {
    if (!base_.unknown) return;
    if (!made_.unknown) {
      made_.unknown = base_.unknown;
      return;
    }
    for (const ast::UnknownClause& base : base_.unknown->clauses) {
      auto& clauses = made_.unknown->clauses;
      const auto own = std::find_if(clauses.begin(), clauses.end(), [&](const auto& each) {
        return each.cause.text == base.cause.text;
      });
      if (own == clauses.end()) clauses.push_back(base);
      else if (!is_as_strict(*own, base))
        loosens(own->span, base.span,
                fmt::format("`{}` is answered less strictly than the policy does", own->cause.text),
                fmt::format("leave it out, or write `{}`", context_.sources.text(base.span)));
    }
  }

  // What a stage says of its own, or the strategy it uses, is held to the policy as well.
  void unknown_in(const ast::Stage& stage) {
    const ast::Unknown* said = stage.unknown ? &*stage.unknown : nullptr;
    if (said == nullptr && stage.use) {
      const auto strategy = context_.scope.strategies.find(stage.use->name.text);
      if (strategy != context_.scope.strategies.end() && strategy->second.node->body.unknown)
        said = &*strategy->second.node->body.unknown;
    }
    if (said == nullptr || !base_.unknown) return;
    for (const ast::UnknownClause& own : said->clauses)
      for (const ast::UnknownClause& base : base_.unknown->clauses)
        if (own.cause.text == base.cause.text && !is_as_strict(own, base))
          loosens(own.span, base.span,
                  fmt::format("the stage `{}` answers `{}` less strictly than the policy does",
                              stage.name.text, own.cause.text),
                  fmt::format("leave it out, or write `{}`", context_.sources.text(base.span)));
  }

  static bool is_as_strict(const ast::UnknownClause& own, const ast::UnknownClause& base) {
    if (strength(own.verb) < strength(base.verb)) return false;
    if (!base.up_to || !base.then || own.verb == ast::UnknownVerb::rollback) return true;
    return own.up_to && own.then && strength(*own.then) >= strength(*base.then) &&
           !is_longer(*own.up_to, *base.up_to);
  }

  // Both act, so that a trigger of the release can only add to those of the policy. What the
  // policy's triggers mean must not change under them.
  void triggers() {
    std::vector<ast::Trigger> all = base_.triggers;
    for (ast::Trigger& trigger : all) {
      trigger.file = file_;
      keep_definitions(*file_, trigger.when.expr, trigger.span);
    }
    all.insert(all.end(), made_.triggers.begin(), made_.triggers.end());
    made_.triggers = std::move(all);
  }

  void keep_definitions(const ast::File& file, ast::ExprId id, Span trigger) {
    if (id.is_none()) return;
    const ast::Expr& expr = file[id];
    keep_definitions(file, expr.left, trigger);
    keep_definitions(file, expr.right, trigger);
    for (const ast::Argument& argument : expr.arguments)
      keep_definitions(file, argument.value, trigger);
    const bool named = expr.kind == ast::ExprKind::name || expr.kind == ast::ExprKind::call;
    if (!named || !seen_.insert(expr.name.text).second) return;
    const auto found = context_.scope.guards.find(expr.name.text);
    if (found == context_.scope.guards.end()) return;
    const ast::Guard& definition = *found->second.node;
    if (found->second.file == context_.root && file_ != context_.root)
      loosens(definition.name.span, trigger,
              fmt::format("`{}` is declared anew, and the policy reads it", expr.name.text),
              "give it another name");
    keep_definitions(*found->second.file, definition.condition.expr, trigger);
  }

  void way_back() {
    if (!base_.rollback) return;
    if (!made_.rollback) {
      made_.rollback = base_.rollback;
      return;
    }
    ast::RollbackBlock& own = *made_.rollback;
    const ast::RollbackBlock& base = *base_.rollback;
    if (!own.route_baseline) own.route_baseline = base.route_baseline;
    std::vector<ast::RollbackAction> actions = base.actions;
    actions.insert(actions.end(), own.actions.begin(), own.actions.end());
    own.actions = std::move(actions);
    if (!own.quarantine_candidate) own.quarantine_candidate = base.quarantine_candidate;
    if (!own.cooldown) own.cooldown = base.cooldown;
    else if (base.cooldown && is_longer(*base.cooldown, *own.cooldown))
      loosens(own.cooldown->span, base.cooldown->span,
              "this cooldown is shorter than the policy's", "leave it out, or make it longer");
  }

  const Context& context_;
  ast::Release made_;
  const ast::Release& base_;
  const ast::File* file_;
  std::set<std::string> seen_;
};

}  // namespace

ast::Release with_base(const Context& context, const ast::Release& release) {
  if (!release.extends) return release;
  const auto policy = context.scope.policies.find(release.extends->text);
  if (policy != context.scope.policies.end())
    return Extension(context, release, policy->second).extended();
  if (!context.scope.may_exist(release.extends->text))
    report_unknown(context.diagnostics, Code::unknown_name, "policy", *release.extends,
                   names_of(context.scope.policies))
        .with_help("a policy is imported: import \"organisation.release\"");
  ast::Release incomplete = release;
  incomplete.incomplete = true;  // what it lacks may be the policy's
  return incomplete;
}

}  // namespace rel::sema
