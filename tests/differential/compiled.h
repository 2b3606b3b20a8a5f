// The two compiled evaluators as tests use them: linked in this process (JIT), and as an object
// that the system's linker made a library of (AOT).
// Input: a plan. Output: a table of predicates that lives as long as the value.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compiler/codegen/codegen.h"
#include "runtime/eval/evaluator.h"

namespace rel::test {

struct FreeJit {
  void operator()(RelJit* jit) const { rel_jit_free(jit); }
};

class JitCode {
 public:
  explicit JitCode(const Plan& plan);  // fails the test when the plan does not compile

  std::span<const PredicateFn> predicates() const {
    return {rel_jit_predicates(jit_.get()), rel_jit_predicate_count(jit_.get())};
  }

 private:
  std::unique_ptr<RelJit, FreeJit> jit_;
};

class AotCode {
 public:
  explicit AotCode(const Plan& plan);
  ~AotCode();
  AotCode(const AotCode&) = delete;
  AotCode& operator=(const AotCode&) = delete;

  std::span<const PredicateFn> predicates() const { return predicates_; }
  uint64_t plan_hash() const { return plan_hash_; }

 private:
  void* library_ = nullptr;
  std::vector<PredicateFn> predicates_;
  uint64_t plan_hash_ = 0;
};

// What rel_codegen_emit gives for `kind`; fails the test on an error.
std::string emit(const Plan& plan, const std::string& kind);

}  // namespace rel::test
