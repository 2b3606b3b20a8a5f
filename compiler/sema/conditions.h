// Types of conditions: which names they read, which units meet, which suffixes make sense. Guards
// are templates: checked where they are defined, with their parameter types, and inlined where they
// are called, so a typed condition holds no calls.
// Input: expressions of the syntax tree. Output: TypedExpr rows. A part with an error becomes
// poison, which satisfies everything around it and is reported once.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compiler/sema/context.h"

namespace rel::sema {

// The outcome of checking one expression. `id` is none exactly when it is poison.
enum class Type : uint8_t { poison, number, verdict };

struct Checked {
  Type type = Type::poison;
  TypedId id;
};

// What the aggregates of one comparison are read over.
struct Reading {
  TypedWindow window;
  std::optional<uint32_t> samples_min;
  uint32_t aggregates = 0;  // read so far
  uint32_t guarded = 0;     // of those, how many heed a minimum of samples
  uint32_t evidence = 0;    // numbers of evidence files read so far
};

// What is called: a guard, gate, measure or strategy.
struct Callee {
  const ast::Name& name;
  const std::vector<ast::Parameter>& parameters;
  const ast::File& file;  // of its defaults
};

struct CheckedCondition {
  TypedId root;
  std::string guard;  // the guard the condition is, apart from `for`
};

class Conditions {
 public:
  explicit Conditions(const Context& context) : context_(context) {}

  // Every guard in scope, used or not. Those of imported files are judged where they are used: the
  // metrics they read are the importing file's. So are those of a library, a file that declares
  // neither a release nor a metric; of it only the names are left open.
  void check_guards();
  std::optional<CheckedCondition> check(const ast::File& file, const ast::Condition& condition,
                                        std::span<const Bound> bound = {});
  // The values of the parameters in a call that stands in `file`. No value: reported.
  std::optional<std::vector<Bound>> bind(const ast::File& file, const ast::Expr& call,
                                         const Callee& callee);
  void mark_used(std::string_view definition) { used_.insert(definition); }

 private:
  friend class Checker;

  enum class Progress : uint8_t { checking, sound, broken };
  struct Definition {
    Progress progress = Progress::checking;
    Diagnostics diagnostics;          // of a guard from an imported file
    std::set<std::string> complained;
    TypedId body;
  };

  const Definition& define(const Declared<ast::Guard>& guard);
  // Guards of the compiled file are judged where they stand, unless the file is a library.
  bool is_judged_here(const ast::File& file) const;
  void report_library();
  template <typename Node>
  void list(const Names<Node>& names);

  const Context& context_;
  std::map<std::string_view, Definition> definitions_;
  std::set<std::string_view> used_;
  std::vector<std::string_view> open_;  // guards being inlined, outermost first
  size_t condition_start_ = 0;          // rows of exprs before the present condition
  bool too_large_ = false;              // the present condition has been refused for its size
};

}  // namespace rel::sema
