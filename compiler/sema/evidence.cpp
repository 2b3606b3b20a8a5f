#include "compiler/sema/evidence.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/sema/checker.h"
#include "runtime/base/limits.h"
#include "runtime/base/sha256.h"
#include "runtime/plan/text.h"

namespace rel::sema {

namespace {

using Json = nlohmann::json;

struct EvidenceText {
  Json root;
  std::string digest;
};

Result<EvidenceText> read_evidence(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return Error{fmt::format("`{}` is not a file that can be read", path)};
  }
  if (std::filesystem::file_size(path, error) > limits::evidence_bytes_max || error) {
    return Error{fmt::format("`{}` is larger than {} bytes", path, limits::evidence_bytes_max)};
  }
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (stream.bad() || text.empty()) return Error{fmt::format("`{}` is empty", path)};
  Json root = Json::parse(text, nullptr, false);
  if (root.is_discarded()) return Error{fmt::format("`{}` is not JSON", path)};
  return EvidenceText{std::move(root), "sha256:" + sha256_hex(text)};
}

// `auc, recall and 2 more`: what an object has.
std::string members_text(const Json& object) {
  constexpr size_t shown_max = 6;
  std::string text;
  size_t shown = 0;
  for (const auto& [key, value] : object.items()) {
    if (shown == shown_max) break;
    text += (shown++ == 0 ? "`" : ", `") + key + "`";
  }
  const size_t more = object.size() - shown;
  return more > 0 ? fmt::format("{} and {} more", text, more) : text;
}

// Constants, and what is made of them, by the operators' own meaning.
std::optional<double> number_of(const TypedPolicy& policy, TypedId id) {
  const TypedExpr& expr = policy[id];
  if (expr.op == Op::constant) return expr.constant;
  if (expr.left.is_none()) return std::nullopt;
  const std::optional<double> left = number_of(policy, expr.left);
  if (!left) return std::nullopt;
  if (expr.op == Op::neg) return -*left;
  const std::optional<double> right =
      expr.right.is_none() ? std::nullopt : number_of(policy, expr.right);
  if (!right) return std::nullopt;
  const double a = *left;
  const double b = *right;
  switch (expr.op) {
#define REL_ARITHMETIC(name, text, interpreted, ir) \
  case Op::name: return interpreted;
#include "runtime/plan/ops.def"
    default: return std::nullopt;  // rel: not of numbers
  }
}

void collect(const TypedPolicy& policy, TypedId id, std::vector<uint32_t>& rows) {
  if (id.is_none()) return;
  const TypedExpr& expr = policy[id];
  const bool known = expr.evidence &&
                     std::find(rows.begin(), rows.end(), *expr.evidence) != rows.end();
  if (expr.evidence && !known) rows.push_back(*expr.evidence);
  collect(policy, expr.left, rows);
  collect(policy, expr.right, rows);
}

}  // namespace

std::vector<uint32_t> evidence_of(const TypedPolicy& policy, TypedId condition) {
  std::vector<uint32_t> rows;
  collect(policy, condition, rows);
  return rows;
}

std::optional<bool> evidence_verdict(const TypedPolicy& policy, TypedId condition) {
  const TypedExpr& expr = policy[condition];
  const auto side = [&](TypedId id) { return evidence_verdict(policy, id); };
  switch (expr.op) {
    case Op::logical_not: {
      const std::optional<bool> operand = side(expr.left);
      return operand ? std::optional<bool>{!*operand} : std::nullopt;
    }
    case Op::logical_and:
    case Op::logical_or: {
      const std::optional<bool> left = side(expr.left);
      const std::optional<bool> right = side(expr.right);
      if (!left || !right) return std::nullopt;
      return expr.op == Op::logical_and ? *left && *right : *left || *right;
    }
    default: break;  // rel: comparisons, below
  }
  if (expr.fold || expr.right.is_none()) return std::nullopt;
  const std::optional<double> left = number_of(policy, expr.left);
  const std::optional<double> right = number_of(policy, expr.right);
  if (!left || !right || !std::isfinite(*left) || !std::isfinite(*right)) return std::nullopt;
  const double a = *left;
  const double b = *right;
  switch (expr.op) {
#define REL_COMPARISON(name, text, interpreted, ir) \
  case Op::name: return interpreted;
#include "runtime/plan/ops.def"
    default: return std::nullopt;  // rel: no comparison
  }
}

// The factor and unit of `in ms`.
std::optional<Amount> Checker::evidence_unit(const ast::Expr& expr) {
  if (!expr.evidence_unit) return Amount{1, plain_unit};
  const ast::Name& unit = *expr.evidence_unit;
  ast::Quantity one;
  one.parts.push_back({1, unit.text});
  one.span = unit.span;
  return read_amount(context_, one);
}

std::optional<Checker::EvidenceNumbers> Checker::evidence_numbers(const ast::Expr& expr,
                                                                  const ast::Name* by) {
  const bool one_file = expr.arguments.size() == 1 && !expr.arguments[0].name &&
                        at(expr.arguments[0].value).kind == ast::ExprKind::string;
  if (!one_file || expr.path.empty()) {
    context_.diagnostics
        .report(Code::wrong_arguments, expr.span, "`evidence` takes a file and a number in it")
        .with_help("such as `evidence(\"eval/holdout.json\").auc`");
    return std::nullopt;
  }
  const ast::String& file = at(expr.arguments[0].value).string;
  const std::filesystem::path folder =
      std::filesystem::path(context_.sources.file(expr.span.file).path).parent_path();
  Result<EvidenceText> text = read_evidence((folder / file.value).lexically_normal().string());
  if (!text) {
    context_.diagnostics
        .report(Code::evidence_unreadable, file.span, "this evidence file cannot be read")
        .with_note(text.error().message)
        .with_help("it is read when the policy is checked; paths are relative to the policy");
    return std::nullopt;
  }
  const std::optional<Amount> unit = evidence_unit(expr);
  const std::optional<std::vector<double>> values = find_numbers(expr, text->root, by);
  if (!unit || !values) return std::nullopt;
  EvidenceNumbers numbers{*values, unit->unit, 0};
  for (double& value : numbers.values) value *= unit->value;
  std::string member;
  for (const ast::Name& name : expr.path) member += "." + name.text;
  if (by != nullptr) member += " by " + by->text;
  std::vector<TypedEvidence>& rows = context_.policy.evidence;
  const auto known = std::find_if(rows.begin(), rows.end(), [&](const TypedEvidence& row) {
    return row.path == file.value && row.member == member;
  });
  numbers.row = static_cast<uint32_t>(known - rows.begin());
  if (known == rows.end()) {
    const std::optional<uint32_t> segment =
        by == nullptr ? std::nullopt : find_segment(context_.policy, by->text);
    rows.push_back({file.value, member, text->digest, segment, expr.span});
  }
  return numbers;
}

std::optional<std::vector<double>> Checker::find_numbers(const ast::Expr& expr, const Json& root,
                                                         const ast::Name* by) {
  const Json* at_member = &root;
  std::vector<ast::Name> path = expr.path;
  if (by != nullptr) path.push_back(*by);
  for (const ast::Name& name : path) {
    const auto found = at_member->is_object() ? at_member->find(name.text) : at_member->end();
    if (!at_member->is_object() || found == at_member->end()) {
      Diagnostic& diagnostic = context_.diagnostics.report(
          Code::evidence_number, name.span, fmt::format("the file has no `{}` here", name.text));
      if (at_member->is_object() && !at_member->empty()) {
        diagnostic.with_help("it has " + members_text(*at_member));
      }
      return std::nullopt;
    }
    at_member = &*found;
  }
  if (by != nullptr) return numbers_by(*at_member, *by);
  if (at_member->is_number()) return std::vector<double>{at_member->get<double>()};
  Diagnostic& diagnostic =
      context_.diagnostics
          .report(Code::evidence_number, path.back().span,
                  fmt::format("`{}` is not a number in the file", path.back().text));
  if (at_member->is_object() && !at_member->empty()) {
    diagnostic.with_help("it has " + members_text(*at_member));
  }
  return std::nullopt;
}

// A number for each declared value of the segment: one that is missing is not known to be fine.
std::optional<std::vector<double>> Checker::numbers_by(const Json& object, const ast::Name& by) {
  const std::optional<uint32_t> segment = find_segment(context_.policy, by.text);
  if (!segment) {
    if (context_.is_news(by.text)) {
      report_unknown(context_.diagnostics, Code::unknown_name, "segment", by,
                     names_of(context_.scope.segments));
    }
    return std::nullopt;
  }
  std::vector<double> values;
  for (const std::string& value : context_.policy.segments[*segment].values) {
    const auto found = object.is_object() ? object.find(value) : object.end();
    if (object.is_object() && found != object.end() && found->is_number()) {
      values.push_back(found->get<double>());
      continue;
    }
    context_.diagnostics
        .report(Code::evidence_number, by.span,
                fmt::format("the file has no number for {}={}", by.text, value))
        .label(context_.policy.segments[*segment].name_span, "its values are declared here")
        .with_note("a group that was not evaluated is not known to be fine");
    return std::nullopt;
  }
  return values;
}

Checked Checker::evidence_constant(const ast::Expr& expr, double value,
                                   const EvidenceNumbers& numbers, Reading& reading) {
  TypedExpr constant;
  constant.op = Op::constant;
  constant.span = expr.span;
  constant.constant = value;
  constant.unit = numbers.unit;
  constant.evidence = numbers.row;
  ++reading.evidence;
  return add(Type::number, std::move(constant));
}

Checked Checker::evidence(const ast::Expr& expr, Reading& reading) {
  const std::optional<EvidenceNumbers> numbers = evidence_numbers(expr, nullptr);
  if (!numbers) return poison();
  return evidence_constant(expr, numbers->values[0], *numbers, reading);
}

// `spread(evidence("f.json").recall by age_band)`: the largest less the smallest.
Checked Checker::spread(const ast::Expr& expr, Reading& reading) {
  const bool one = expr.arguments.size() == 1 && expr.arguments[0].by;
  const ast::Expr* inner = one ? &at(expr.arguments[0].value) : nullptr;
  if (!one || inner->kind != ast::ExprKind::call || inner->name.text != "evidence") {
    context_.diagnostics
        .report(Code::wrong_arguments, expr.span, "`spread` takes evidence by a segment")
        .with_help("such as `spread(evidence(\"eval/fairness.json\").recall by age_band)`");
    return poison();
  }
  const std::optional<EvidenceNumbers> numbers = evidence_numbers(*inner, &*expr.arguments[0].by);
  if (!numbers) return poison();
  const auto [least, most] = std::minmax_element(numbers->values.begin(), numbers->values.end());
  EvidenceNumbers difference = *numbers;
  if (difference.unit == ratio_unit) difference.unit = points_unit;
  return evidence_constant(expr, *most - *least, difference, reading);
}

}  // namespace rel::sema
