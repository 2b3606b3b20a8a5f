// `stage canary: ladder(first: 2%) { ... }`: a strategy written out where it is used.
// Input: the stage as written. Output: the stage it stands for, and the context to check it in, in
// which the strategy's parameters have their values. What the stage says itself replaces what the
// strategy says of it once (soak, at least ...); triggers are those of both.
// Owner: the check of one stage. At its end what was found is reported with the place of the use.
#pragma once

#include <vector>

#include "compiler/sema/conditions.h"
#include "compiler/sema/context.h"

namespace rel::sema {

class StrategyUse {
 public:
  StrategyUse(const Context& context, Conditions& conditions, const ast::Stage& written);
  ~StrategyUse();
  StrategyUse(const StrategyUse&) = delete;
  StrategyUse& operator=(const StrategyUse&) = delete;

  const ast::Stage& stage() const { return written_.use ? made_ : written_; }
  const Context& context() const { return written_.use ? inner_ : outer_; }

 private:
  void write_out(Conditions& conditions);

  const Context& outer_;
  const ast::Stage& written_;
  ast::Stage made_;
  std::vector<Bound> bound_;
  Diagnostics found_;
  Context inner_;
};

}  // namespace rel::sema
