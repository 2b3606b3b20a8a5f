// The names a policy can use: what its file and its imports declare, in one scope. Guards of an
// imported file read the metrics of the importing one, so a module needs no metrics of its own.
// Input: the files. Output: names to declarations. Two declarations of one name are reported here.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/syntax/ast.h"

namespace rel::sema {

// A declaration and the file whose expressions it uses.
template <typename Declaration>
struct Declared {
  const ast::File* file = nullptr;
  const Declaration* node = nullptr;
};

template <typename Declaration>
using Names = std::map<std::string_view, Declared<Declaration>>;

struct Scope {
  Names<ast::Model> models;
  Names<ast::Metric> metrics;
  Names<ast::Segment> segments;
  Names<ast::Guard> guards;  // gates and measures, too
  Names<ast::Strategy> strategies;
  Names<ast::Release> policies;
  // Names whose declaration could not be parsed, and whether one is missing that has no name: a use
  // of such a name is not a mistake of its own.
  std::set<std::string_view> left_out;
  bool incomplete = false;

  bool may_exist(std::string_view name) const { return incomplete || left_out.contains(name); }
};

// `files` must outlive the scope. The first declaration of a name stands.
Scope make_scope(const std::vector<ast::File>& files, Diagnostics& diagnostics);

// What the built-in functions of conditions are called: guards cannot have these names.
std::vector<std::string_view> function_names();
bool is_function(std::string_view name);
bool is_arm(std::string_view name);

// Reports `word`, which is no `what`, with the nearest of `known` as a suggestion and a fix.
Diagnostic& report_unknown(Diagnostics& diagnostics, Code code, std::string_view what,
                           const ast::Name& word, std::span<const std::string_view> known);

template <typename Declaration>
std::vector<std::string_view> names_of(const Names<Declaration>& names) {
  std::vector<std::string_view> result;
  for (const auto& [name, declared] : names) result.push_back(name);
  return result;
}

}  // namespace rel::sema
