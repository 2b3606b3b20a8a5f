// The one place that loads librel_codegen.so: code generation brings LLVM along, so commands ask
// for it only when they generate code. It lies in ../lib beside the directory of this program.
// Input: a plan. Output: machine code, or an artefact of it. Owner: the command.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "compiler/codegen/codegen.h"
#include "runtime/base/result.h"
#include "runtime/plan/plan.h"

namespace rel::cli {

// Compiled predicates of one plan; they stay valid as long as this lives.
class CompiledPredicates {
 public:
  CompiledPredicates(CompiledPredicates&&) noexcept;
  CompiledPredicates& operator=(CompiledPredicates&&) noexcept;
  ~CompiledPredicates();

  // One function a predicate of the plan.
  std::span<const PredicateFn> functions() const;

 private:
  friend class CodegenLibrary;
  struct Parts;
  explicit CompiledPredicates(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// What `relc build` writes: `ir` is text, `obj` a relocatable object.
enum class Artefact : uint8_t { ir, obj };

class CodegenLibrary {
 public:
  // Loads the library; the error names the path that was tried.
  static Result<CodegenLibrary> load();

  Result<CompiledPredicates> compile(const Plan& plan) const;
  // The predicates of an object that `emit` made; refused when it was made for another plan.
  Result<CompiledPredicates> link(const Plan& plan, const std::string& object) const;
  Result<std::string> emit(const Plan& plan, Artefact artefact) const;

 private:
  friend struct CompiledPredicates::Parts;
  struct Symbols;
  CompiledPredicates owned(RelJit* jit) const;
  explicit CodegenLibrary(std::shared_ptr<const Symbols> symbols);
  std::shared_ptr<const Symbols> symbols_;
};

}  // namespace rel::cli
