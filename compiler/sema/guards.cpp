// Guards, gates and measures: their definitions, their calls, and the arguments between them.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "compiler/sema/checker.h"

namespace rel::sema {

namespace {

struct TypeRow {
  std::string_view name;
  Unit unit;
};

constexpr std::array<TypeRow, 8> parameter_types = {{
    {"duration", time_unit},
    {"ratio", ratio_unit},
    {"points", points_unit},
    {"number", plain_unit},
    {"bytes", bytes_unit},
    {"tokens", tokens_unit},
    {"usd", usd_unit},
    {"eur", eur_unit},
}};

// A count is written as a plain number.
bool accepts(Unit wanted, const Amount& amount) {
  return amount.unit == wanted || (wanted == tokens_unit && amount.unit == plain_unit);
}

// Suffixes of a trigger have no place in a guard, which is only a condition.
void refuse_trigger_suffixes(const Context& context, const ast::Condition& condition) {
  if (condition.after) {
    context.diagnostics
        .report(Code::misplaced_clause, condition.after->span, "`after` delays a trigger")
        .with_help("write it where the guard is used: `rollback when slow after 10m`");
  }
  if (condition.even_if_baseline) {
    context.diagnostics
        .report(Code::misplaced_clause, *condition.even_if_baseline,
                "`even if baseline` belongs to a rollback trigger")
        .with_help("write it where the guard is used: `rollback when slow even if baseline`");
  }
}

std::string_view word_of(const ast::Guard& definition) {
  switch (definition.kind) {
    case ast::DefinitionKind::guard: return "guard";
    case ast::DefinitionKind::gate: return "gate";
    case ast::DefinitionKind::measure: return "measure";
  }
  return {};
}
std::string_view word_of(const ast::Strategy&) { return "strategy"; }

}  // namespace

// What a lint needs to know of the definitions of the compiled file.
template <typename Node>
void Conditions::list(const Names<Node>& names) {
  for (const auto& [name, definition] : names) {
    if (definition.file != context_.root) continue;
    const auto defined = definitions_.find(name);
    context_.policy.guards.push_back(
        TypedGuard{std::string{name}, word_of(*definition.node),
                   defined != definitions_.end() ? defined->second.body : TypedId{},
                   used_.contains(name), definition.node->name.span});
  }
}

void Conditions::check_guards() {
  for (const auto& [name, guard] : context_.scope.guards) define(guard);
  report_library();
  list(context_.scope.guards);
  list(context_.scope.strategies);
}

bool Conditions::is_judged_here(const ast::File& file) const {
  const bool library = file.releases.empty() && file.metrics.empty();
  return &file == context_.root && !library;
}

void Conditions::report_library() {
  for (const auto& [name, guard] : context_.scope.guards) {
    if (guard.file != context_.root || is_judged_here(*guard.file)) continue;
    for (const Diagnostic& found : definitions_[name].diagnostics.all()) {
      if (found.code == Code::unknown_name) continue;
      context_.diagnostics.report(found.code, found.span, found.message) = found;
    }
  }
}

const Conditions::Definition& Conditions::define(const Declared<ast::Guard>& guard) {
  const std::string_view name = guard.node->name.text;
  const auto [place, added] = definitions_.try_emplace(name);
  Definition& definition = place->second;
  if (!added) return definition;
  const bool here = is_judged_here(*guard.file);
  const Context context{context_.sources, context_.scope, context_.policy,
                        here ? context_.diagnostics : definition.diagnostics,
                        here ? context_.complained : definition.complained,
                        context_.root};
  refuse_trigger_suffixes(context, guard.node->condition);
  const size_t outer_start = std::exchange(condition_start_, context_.policy.exprs.size());
  const bool outer_too_large = std::exchange(too_large_, false);
  Checker parameters(*this, context, *guard.file, {});
  const std::vector<Bound> bound = parameters.bind_types(*guard.node);
  Checker body(*this, context, *guard.file, bound);
  open_.push_back(name);
  Reading reading;
  const bool written = !guard.node->condition.expr.is_none();
  const Checked checked = written ? body.body_of(*guard.node, reading) : Checked{};
  open_.pop_back();
  condition_start_ = outer_start;
  too_large_ = outer_too_large;
  const bool sound = checked.type != Type::poison &&
                     bound.size() == guard.node->parameters.size();
  definition.progress = sound ? Progress::sound : Progress::broken;
  definition.body = checked.id;
  return definition;
}

Checked Checker::body_of(const ast::Guard& guard, Reading& reading) {
  const ast::ExprId expr = guard.condition.expr;
  return guard.kind == ast::DefinitionKind::measure ? number(expr, reading) : verdict(expr);
}

std::optional<std::vector<Bound>> Conditions::bind(const ast::File& file, const ast::Expr& call,
                                                   const Callee& callee) {
  return Checker(*this, context_, file, {}).bind(call, callee);
}

std::optional<Unit> Checker::parameter_unit(const ast::Parameter& parameter) {
  std::vector<std::string_view> names;
  for (const TypeRow& row : parameter_types) {
    names.push_back(row.name);
    if (row.name == parameter.type.text) return row.unit;
  }
  Diagnostic& diagnostic = report_unknown(context_.diagnostics, Code::unknown_word,
                                          "parameter type", parameter.type, names);
  if (parameter.type.text == "percent") {
    diagnostic.with_help("a share such as `2%` is a `ratio`");
  }
  return std::nullopt;
}

// Parameters with their default, or with one of their unit: enough to check the types of a body.
// Fewer than the guard has: one of them has an error.
std::vector<Bound> Checker::bind_types(const ast::Guard& guard) {
  std::vector<Bound> bound;
  for (const ast::Parameter& parameter : guard.parameters) {
    const auto same = [&](const Bound& other) { return other.name == parameter.name.text; };
    if (std::any_of(bound.begin(), bound.end(), same)) {
      context_.diagnostics
          .report(Code::duplicate_name, parameter.name.span,
                  fmt::format("the parameter `{}` is declared twice", parameter.name.text));
      continue;
    }
    const std::optional<Unit> unit = parameter_unit(parameter);
    if (!unit) continue;
    Bound value{parameter.name.text, Amount{1, *unit}, parameter.name.span};
    if (!parameter.default_value.is_none()) {
      const std::optional<Bound> given =
          bind_argument(parameter, ast::Argument{std::nullopt, parameter.default_value});
      if (!given) continue;
      value = *given;
    }
    bound.push_back(value);
  }
  return bound;
}

std::optional<Amount> Checker::constant(ast::ExprId id) {
  Reading reading;
  const Checked checked = number(id, reading);
  if (checked.type == Type::poison) return std::nullopt;
  const TypedExpr& expr = typed(checked.id);
  if (expr.op == Op::constant) return Amount{expr.constant, expr.unit};
  context_.diagnostics
      .report(Code::argument_not_constant, expr.span, "this must be known before the release runs")
      .primary("this is read from data")
      .with_help("write a quantity, such as `300ms`");
  return std::nullopt;
}

std::optional<Bound> Checker::bind_argument(const ast::Parameter& parameter,
                                            const ast::Argument& argument) {
  const std::optional<Unit> unit = parameter_unit(parameter);
  const std::optional<Amount> amount = constant(argument.value);
  if (!unit || !amount) return std::nullopt;
  if (accepts(*unit, *amount)) {
    return Bound{parameter.name.text, Amount{amount->value, *unit}, parameter.name.span};
  }
  context_.diagnostics
      .report(Code::mixed_units, at(argument.value).span,
              fmt::format("the parameter `{}` takes {}", parameter.name.text, describe(*unit)))
      .primary("this is " + describe(amount->unit))
      .label(parameter.type.span, fmt::format("`{}` is declared here", parameter.name.text))
      .with_help(fmt::format("such as `{}`", example_of(*unit)));
  return std::nullopt;
}

// Which argument each parameter gets; null: its default.
bool Checker::place_arguments(const ast::Expr& call, const Callee& callee,
                              std::vector<const ast::Argument*>& placed) {
  placed.assign(callee.parameters.size(), nullptr);
  bool named = false;
  for (size_t index = 0; index < call.arguments.size(); ++index) {
    const ast::Argument& argument = call.arguments[index];
    const Span span = argument.name ? argument.name->span : at(argument.value).span;
    size_t position = index;
    if (argument.name) {
      named = true;
      const auto found =
          std::find_if(callee.parameters.begin(), callee.parameters.end(),
                       [&](const auto& p) { return p.name.text == argument.name->text; });
      position = static_cast<size_t>(found - callee.parameters.begin());
      if (found == callee.parameters.end()) {
        std::vector<std::string_view> known;
        for (const ast::Parameter& parameter : callee.parameters) {
          known.push_back(parameter.name.text);
        }
        report_unknown(context_.diagnostics, Code::unknown_name, "parameter", *argument.name, known)
            .label(callee.name.span, "declared here");
        return false;
      }
    }
    const bool unplaced = position >= placed.size() || (named && !argument.name);
    if (!unplaced && placed[position] == nullptr) {
      placed[position] = &argument;
      continue;
    }
    const std::string message =
        !unplaced ? fmt::format("`{}` is given twice", callee.parameters[position].name.text)
        : position >= placed.size()
            ? fmt::format("`{}` takes {} argument{}", callee.name.text, placed.size(),
                          placed.size() == 1 ? "" : "s")
            : std::string{"an argument without a name follows one with a name"};
    context_.diagnostics.report(Code::wrong_arguments, span, message)
        .label(callee.name.span, "declared here");
    return false;
  }
  return true;
}

std::optional<std::vector<Bound>> Checker::bind(const ast::Expr& call,
                                                const Callee& callee) {
  std::vector<const ast::Argument*> placed;
  if (!place_arguments(call, callee, placed)) return std::nullopt;
  std::vector<Bound> bound;
  Checker definition(shared_, context_, callee.file, {});
  for (size_t index = 0; index < placed.size(); ++index) {
    const ast::Parameter& parameter = callee.parameters[index];
    std::optional<Bound> value;
    if (placed[index] != nullptr) {
      value = bind_argument(parameter, *placed[index]);
    } else if (!parameter.default_value.is_none()) {
      value = definition.bind_argument(parameter, {std::nullopt, parameter.default_value});
    } else {
      context_.diagnostics
          .report(Code::wrong_arguments, call.span,
                  fmt::format("`{}` needs a value for `{}`", call.name.text, parameter.name.text))
          .label(parameter.name.span, "it has no default")
          .with_help(fmt::format("write `{}({}: ...)`", call.name.text, parameter.name.text));
    }
    if (value) bound.push_back(*value);
  }
  if (bound.size() != placed.size()) return std::nullopt;
  return bound;
}

// What is wrong in a guard only where it is used: a metric the importing file does not have, or a
// size that it has only when it is written out.
void Checker::report_inlined(const ast::Expr& call, const Declared<ast::Guard>& guard,
                             const Diagnostics& found) {
  const std::string& name = guard.node->name.text;
  const bool imported = !shared_.is_judged_here(*guard.file);
  for (const Diagnostic& cause : found.all()) {
    if (cause.level != Level::error) continue;
    Diagnostic& diagnostic = context_.diagnostics.report(cause.code, call.name.span, cause.message)
                                 .primary(fmt::format("`{}` is written out here", name))
                                 .label(cause.span, fmt::format("in the guard `{}`", name));
    for (const std::string& help : cause.help) diagnostic.with_help(help);
    for (const std::string& note : cause.notes) diagnostic.with_note(note);
    if (!imported || cause.code != Code::unknown_name) continue;
    diagnostic.with_note("a guard of an imported file reads the metrics and segments of the file "
                         "that imports it");
  }
}

Checked Checker::guard_call(const ast::Expr& expr, const Declared<ast::Guard>& guard,
                            Reading& reading) {
  const std::string_view name = guard.node->name.text;
  shared_.used_.insert(name);
  if (shared_.too_large_) return poison();  // more of it would only cost time
  if (std::find(shared_.open_.begin(), shared_.open_.end(), name) != shared_.open_.end()) {
    context_.diagnostics
        .report(Code::guard_cycle, expr.span, fmt::format("the guard `{}` uses itself", name))
        .label(guard.node->name.span, "declared here")
        .with_help("a guard is written out where it is used, so it cannot contain itself");
    return poison();
  }
  if (shared_.open_.size() >= limits::nesting_max) {
    context_.diagnostics
        .report(Code::condition_too_large, expr.span,
                fmt::format("guards are used inside guards more than {} deep", limits::nesting_max))
        .with_help("write the inner conditions out");
    return poison();
  }
  const Conditions::Definition& definition = shared_.define(guard);
  if (definition.progress == Conditions::Progress::broken) {
    if (!shared_.is_judged_here(*guard.file)) {
      report_inlined(expr, guard, definition.diagnostics);
    }
    return poison();
  }
  const std::optional<std::vector<Bound>> bound =
      bind(expr, Callee{guard.node->name, guard.node->parameters, *guard.file});
  if (!bound) return poison();
  // The types are known to be right; what can still go wrong depends on the arguments' values.
  Diagnostics inlined;
  std::set<std::string> complained;
  const Context context{context_.sources, context_.scope, context_.policy,
                        inlined,          complained,     context_.root};
  shared_.open_.push_back(name);
  Checker body(shared_, context, *guard.file, *bound);
  const Checked checked = body.body_of(*guard.node, reading);
  shared_.open_.pop_back();
  report_inlined(expr, guard, inlined);
  return checked;
}

}  // namespace rel::sema
