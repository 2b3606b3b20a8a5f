// Three-valued expressions as straight-line IR: a number is (value, causes), a verdict is (yes, no,
// causes), and every operator is a few `and`, `or` and compares on them.
#include "compiler/codegen/predicate_ir.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include "compiler/codegen/plan_module.h"
#include "runtime/base/check.h"
#include "runtime/base/verdict.h"

namespace rel::codegen {
namespace {

using llvm::Value;

// Causes are bytes in memory and i32 here: an unoptimised load into a byte register waits for the
// register's last use (measured: 5 % of a call). They are null where there can be none (constants),
// so that no `or` with zero is emitted.
struct Number {
  Value* value = nullptr;   // double, without meaning when `causes` is not zero
  Value* causes = nullptr;  // i32
};

// Whether the causes of a verdict may be set although the verdict is known. They are not cleared
// where that cannot be seen: in `and` a false operand decides, so its stale causes are harmless
// until an `or` looks at them. Most conditions need no clearing at all.
enum class Stale : uint8_t { never, when_false, when_true, when_known };

struct Truth {
  Value* yes = nullptr;     // i1
  Value* no = nullptr;      // i1; neither: unknown
  Value* causes = nullptr;  // i32, not zero when unknown
  Stale stale = Stale::never;
};

// What a node became; which of the two its Op tells.
struct Emitted {
  Number number;
  Truth truth;
};

// The nodes evaluated once for a root, or once a cell for the body of a fold.
struct Scope {
  Value* cell = nullptr;  // i64, current cell; null outside of folds
  std::unordered_map<uint32_t, Emitted> nodes;
  std::unordered_map<uint32_t, Number> loads;  // by aggregate: each is read once
};

enum class Operands : uint8_t { none, one, two };

Operands operands_of(Op op) {
  switch (op) {
    case Op::constant:
    case Op::load:
    case Op::sustained:
    case Op::fold_any:  // the body belongs to a scope of its own
    case Op::fold_every:
    case Op::fold_at_least:
      return Operands::none;
    case Op::neg:
    case Op::logical_not:
    case Op::certain:
      return Operands::one;
#define REL_ARITHMETIC(name, text, interpreted, ir) case Op::name:
#define REL_COMPARISON(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
    case Op::logical_and:
    case Op::logical_or:
      return Operands::two;
  }
  REL_CHECK(false);
}

// The nodes a root needs in its own scope, ascending. The bodies of its folds are not among them.
std::vector<uint32_t> nodes_below(const Plan& plan, NodeId root) {
  std::vector<uint32_t> pending{root.value};
  std::vector<uint32_t> found;
  std::vector<bool> seen(root.value + 1);
  while (!pending.empty()) {
    const uint32_t index = pending.back();
    pending.pop_back();
    if (seen[index]) continue;
    seen[index] = true;
    found.push_back(index);
    const Node& node = plan.nodes[index];
    const Operands operands = operands_of(node.op);
    if (operands != Operands::none) pending.push_back(node.a);
    if (operands == Operands::two) pending.push_back(node.b);
  }
  std::sort(found.begin(), found.end());
  return found;
}

class PredicateEmitter {
 public:
  PredicateEmitter(const Plan& plan, llvm::Function& function)
      : plan_(plan),
        function_(function),
        builder_(llvm::BasicBlock::Create(function.getContext(), "entry", &function)) {}

  void emit(NodeId root);

 private:
  Truth emit_scope(NodeId root, Scope& scope);
  Emitted emit_node(const Node& node, Scope& scope);

  Number load(uint32_t aggregate, Scope& scope);
  Number arithmetic(Value* result, Value* causes);
  Truth comparison(Value* holds, Value* causes);
  Truth sustained(uint32_t sustain);
  Truth both(const Truth& a, const Truth& b);
  Truth either(const Truth& a, const Truth& b);
  Truth fold(const Node& node);
  Truth fold_count(const Node& node);
  Value* result(const Truth& truth);

  Value* join(Value* causes_a, Value* causes_b);
  Value* clear_if(Value* causes, Value* condition);
  Value* fresh_causes(const Truth& truth, Stale harmless);
  Value* load_byte(uint32_t argument, Value* index, const char* name);
  Value* widen(Value* bits) { return builder_.CreateZExt(bits, builder_.getInt32Ty()); }
  llvm::ConstantInt* bits(uint8_t value) { return builder_.getInt32(value); }

  const Plan& plan_;
  llvm::Function& function_;
  llvm::IRBuilder<> builder_;
};

Truth inverse(const Truth& a) {
  Stale stale = a.stale;
  if (a.stale == Stale::when_false) stale = Stale::when_true;
  if (a.stale == Stale::when_true) stale = Stale::when_false;
  return Truth{.yes = a.no, .no = a.yes, .causes = a.causes, .stale = stale};
}

void PredicateEmitter::emit(NodeId root) {
  Scope scope;
  builder_.CreateRet(result(emit_scope(root, scope)));
}

// Operands stand before their users, so one pass in order emits every node after its operands, and
// a chain of a thousand `and` needs no recursion.
Truth PredicateEmitter::emit_scope(NodeId root, Scope& scope) {
  for (const uint32_t index : nodes_below(plan_, root)) {
    scope.nodes.emplace(index, emit_node(plan_.nodes[index], scope));
  }
  return scope.nodes.at(root.value).truth;
}

Emitted PredicateEmitter::emit_node(const Node& node, Scope& scope) {
  // The names that the IR column of ops.def uses.
  llvm::IRBuilder<>& builder = builder_;
  Emitted left;
  Emitted right;
  const Operands operands = operands_of(node.op);
  if (operands != Operands::none) left = scope.nodes.at(node.a);
  if (operands == Operands::two) right = scope.nodes.at(node.b);
  Value* a = left.number.value;
  Value* b = right.number.value;

  switch (node.op) {
    case Op::constant:
      return Emitted{.number = {llvm::ConstantFP::get(builder.getDoubleTy(), node.constant)}};
    case Op::load:
      return Emitted{.number = load(node.a, scope)};
    case Op::sustained:
      return Emitted{.truth = sustained(node.a)};
#define REL_ARITHMETIC(name, text, interpreted, ir) \
  case Op::name:                                    \
    return Emitted{.number = arithmetic(ir, join(left.number.causes, right.number.causes))};
#define REL_COMPARISON(name, text, interpreted, ir) \
  case Op::name:                                    \
    return Emitted{.truth = comparison(ir, join(left.number.causes, right.number.causes))};
#include "runtime/plan/ops.def"
    case Op::neg:  // of a finite number is finite
      return Emitted{.number = {builder.CreateFNeg(a), left.number.causes}};
    case Op::logical_and:
      return Emitted{.truth = both(left.truth, right.truth)};
    case Op::logical_or:
      return Emitted{.truth = either(left.truth, right.truth)};
    case Op::logical_not:
      return Emitted{.truth = inverse(left.truth)};
    case Op::certain:
      return Emitted{.truth = {.yes = left.truth.yes,
                               .no = builder.CreateNot(left.truth.yes, "not_certain")}};
    case Op::fold_any:
    case Op::fold_every:
      REL_CHECK(scope.cell == nullptr);  // verified: no fold within a fold
      return Emitted{.truth = fold(node)};
    case Op::fold_at_least:
      REL_CHECK(scope.cell == nullptr);
      return Emitted{.truth = fold_count(node)};
  }
  REL_CHECK(false);
}

Number PredicateEmitter::load(uint32_t aggregate, Scope& scope) {
  const auto known = scope.loads.find(aggregate);
  if (known != scope.loads.end()) return known->second;
  Value* index = builder_.getInt64(plan_.aggregates[aggregate].frame_first);
  if (scope.cell != nullptr) index = builder_.CreateNUWAdd(index, scope.cell);
  Value* value_at =
      builder_.CreateInBoundsGEP(builder_.getDoubleTy(), function_.getArg(0), index);
  const Number number{builder_.CreateLoad(builder_.getDoubleTy(), value_at, "value"),
                      load_byte(1, index, "causes")};
  scope.loads.emplace(aggregate, number);
  return number;
}

Value* PredicateEmitter::load_byte(uint32_t argument, Value* index, const char* name) {
  llvm::Type* type = builder_.getInt8Ty();
  Value* at = builder_.CreateInBoundsGEP(type, function_.getArg(argument), index);
  return widen(builder_.CreateLoad(type, at, name));
}

// A result that is not finite is insufficient. Where an operand is unknown already, that bit may be
// added to its causes: it has the least precedence, so no verdict can show it. x - x is NaN for
// NaN and the infinities, and zero for every other x.
Number PredicateEmitter::arithmetic(Value* result, Value* causes) {
  static_assert(cause_insufficient == 1, "the check below yields the bit itself");
  Value* difference = builder_.CreateFSub(result, result);
  Value* not_finite = builder_.CreateFCmpUNO(difference, difference, "not_finite");
  return Number{result, join(causes, widen(not_finite))};
}

Truth PredicateEmitter::comparison(Value* holds, Value* causes) {
  if (causes == nullptr) return Truth{.yes = holds, .no = builder_.CreateNot(holds)};
  Value* known = builder_.CreateICmpEQ(causes, bits(cause_none), "known");
  Value* yes = builder_.CreateAnd(holds, known, "yes");
  return Truth{.yes = yes, .no = builder_.CreateXor(known, yes, "no"), .causes = causes};
}

Truth PredicateEmitter::sustained(uint32_t sustain) {
  Value* verdict = load_byte(2, builder_.getInt64(sustain), "sustained");
  return Truth{
      .yes = builder_.CreateICmpEQ(verdict, bits(static_cast<uint8_t>(Verdict::is_true)), "yes"),
      .no = builder_.CreateICmpEQ(verdict, bits(static_cast<uint8_t>(Verdict::is_false)), "no"),
      .causes = builder_.CreateLShr(verdict, 1)};
}

Truth PredicateEmitter::both(const Truth& a, const Truth& b) {
  return Truth{.yes = builder_.CreateAnd(a.yes, b.yes, "yes"),
               .no = builder_.CreateOr(a.no, b.no, "no"),
               .causes = join(fresh_causes(a, Stale::when_false),
                              fresh_causes(b, Stale::when_false)),
               .stale = Stale::when_false};
}

Truth PredicateEmitter::either(const Truth& a, const Truth& b) {
  return Truth{.yes = builder_.CreateOr(a.yes, b.yes, "yes"),
               .no = builder_.CreateAnd(a.no, b.no, "no"),
               .causes = join(fresh_causes(a, Stale::when_true),
                              fresh_causes(b, Stale::when_true)),
               .stale = Stale::when_true};
}

// A loop over the cells, so that the size of a function does not depend on their number.
Truth PredicateEmitter::fold(const Node& node) {
  REL_CHECK(node.b > 0);
  const bool any = node.op == Op::fold_any;
  llvm::BasicBlock* before = builder_.GetInsertBlock();
  auto* loop = llvm::BasicBlock::Create(function_.getContext(), "cells", &function_);
  auto* after = llvm::BasicBlock::Create(function_.getContext(), "folded", &function_);
  builder_.CreateBr(loop);
  builder_.SetInsertPoint(loop);

  // Over the cells so far: one of them was true, one was false; the causes of the unknown ones.
  const auto phi = [&](llvm::Constant* start, const char* name) {
    llvm::PHINode* node_phi = builder_.CreatePHI(start->getType(), 2, name);
    node_phi->addIncoming(start, before);
    return node_phi;
  };
  llvm::PHINode* cell = phi(builder_.getInt64(0), "cell");
  llvm::PHINode* yes_before = phi(builder_.getInt1(!any), "yes_before");
  llvm::PHINode* no_before = phi(builder_.getFalse(), "no_before");
  llvm::PHINode* causes_before = phi(bits(cause_none), "causes_before");

  Scope scope{.cell = cell};
  const Truth truth = emit_scope(NodeId{node.a}, scope);
  Value* yes = any ? builder_.CreateOr(yes_before, truth.yes, "any_yes")
                   : builder_.CreateAnd(yes_before, truth.yes, "all_yes");
  Value* no = builder_.CreateOr(no_before, truth.no, "any_no");
  Value* causes = join(causes_before, fresh_causes(truth, any ? Stale::never : Stale::when_false));

  Value* next = builder_.CreateNUWAdd(cell, builder_.getInt64(1));
  builder_.CreateCondBr(builder_.CreateICmpULT(next, builder_.getInt64(node.b)), loop, after);
  cell->addIncoming(next, loop);
  yes_before->addIncoming(yes, loop);
  no_before->addIncoming(no, loop);
  causes_before->addIncoming(causes, loop);
  builder_.SetInsertPoint(after);
  if (!any) return Truth{.yes = yes, .no = no, .causes = causes, .stale = Stale::when_false};

  // A cell with too little data is left out: another that is false makes the whole false. One
  // whose source failed is not: it might have been the true one.
  Value* failed = builder_.CreateICmpUGE(causes, bits(cause_source_error), "failed");
  Value* open = builder_.CreateOr(yes, failed);
  return Truth{.yes = yes,
               .no = builder_.CreateAnd(no, builder_.CreateNot(open), "no"),
               .causes = causes,
               .stale = Stale::when_known};
}

// Counts over the cells: those that are true, false, and unknown because of their source.
Truth PredicateEmitter::fold_count(const Node& node) {
  REL_CHECK(node.b > 0);
  llvm::BasicBlock* before = builder_.GetInsertBlock();
  auto* loop = llvm::BasicBlock::Create(function_.getContext(), "cells", &function_);
  auto* after = llvm::BasicBlock::Create(function_.getContext(), "counted", &function_);
  builder_.CreateBr(loop);
  builder_.SetInsertPoint(loop);
  const auto phi = [&](llvm::Constant* start, const char* name) {
    llvm::PHINode* node_phi = builder_.CreatePHI(start->getType(), 2, name);
    node_phi->addIncoming(start, before);
    return node_phi;
  };
  llvm::PHINode* cell = phi(builder_.getInt64(0), "cell");
  llvm::PHINode* yes_before = phi(bits(0), "yes_before");
  llvm::PHINode* no_before = phi(bits(0), "no_before");
  llvm::PHINode* failing_before = phi(bits(0), "failing_before");
  llvm::PHINode* causes_before = phi(bits(cause_none), "causes_before");

  Scope scope{.cell = cell};
  const Truth truth = emit_scope(NodeId{node.a}, scope);
  Value* yes = builder_.CreateAdd(yes_before, widen(truth.yes), "yes_count");
  Value* no = builder_.CreateAdd(no_before, widen(truth.no), "no_count");
  Value* fresh = fresh_causes(truth, Stale::never);
  if (fresh == nullptr) fresh = bits(cause_none);
  Value* fails = builder_.CreateICmpUGE(fresh, bits(cause_source_error), "fails");
  Value* failing = builder_.CreateAdd(failing_before, widen(fails), "failing_count");
  Value* causes = join(causes_before, fresh);

  Value* next = builder_.CreateNUWAdd(cell, builder_.getInt64(1));
  builder_.CreateCondBr(builder_.CreateICmpULT(next, builder_.getInt64(node.b)), loop, after);
  cell->addIncoming(next, loop);
  yes_before->addIncoming(yes, loop);
  no_before->addIncoming(no, loop);
  failing_before->addIncoming(failing, loop);
  causes_before->addIncoming(causes, loop);
  builder_.SetInsertPoint(after);

  Value* wanted = builder_.getInt32(node.count);
  Value* enough = builder_.CreateICmpUGE(yes, wanted, "enough");
  Value* possible = builder_.CreateICmpUGE(builder_.CreateAdd(yes, failing), wanted, "possible");
  Value* covered = builder_.CreateICmpUGE(builder_.CreateAdd(yes, no), wanted, "covered");
  return Truth{.yes = enough,
               .no = builder_.CreateAnd(builder_.CreateNot(possible), covered, "no"),
               .causes = causes,
               .stale = Stale::when_known};
}

// The Verdict. Spreading the highest cause downwards and adding one gives 1 for none, then 2, 4 and
// 8: the verdict of the worst cause, and `true` where there is none; `false` is one less.
Value* PredicateEmitter::result(const Truth& truth) {
  Value* worst = bits(0);
  if (Value* causes = fresh_causes(truth, Stale::never)) {
    Value* spread = builder_.CreateOr(causes, builder_.CreateLShr(causes, 1));
    worst = builder_.CreateOr(spread, builder_.CreateLShr(spread, 1), "worst");
  }
  Value* verdict = builder_.CreateSub(builder_.CreateAdd(worst, bits(1)), widen(truth.no));
  return builder_.CreateTrunc(verdict, builder_.getInt8Ty(), "verdict");
}

Value* PredicateEmitter::join(Value* causes_a, Value* causes_b) {
  if (causes_a == nullptr) return causes_b;
  if (causes_b == nullptr) return causes_a;
  return builder_.CreateOr(causes_a, causes_b, "causes");
}

Value* PredicateEmitter::clear_if(Value* causes, Value* condition) {
  Value* mask = builder_.CreateSub(widen(condition), bits(1));
  return builder_.CreateAnd(causes, mask, "causes");
}

// The causes of an operand, cleared unless they are stale only when that is `harmless`.
Value* PredicateEmitter::fresh_causes(const Truth& truth, Stale harmless) {
  if (truth.causes == nullptr || truth.stale == harmless) return truth.causes;
  switch (truth.stale) {
    case Stale::never:
      return truth.causes;
    case Stale::when_false:
      return clear_if(truth.causes, truth.no);
    case Stale::when_true:
      return clear_if(truth.causes, truth.yes);
    case Stale::when_known:
      return clear_if(truth.causes, builder_.CreateOr(truth.yes, truth.no));
  }
  REL_CHECK(false);
}

// A function of the form PredicateFn.
llvm::Function* declare_predicate(PredicateId predicate, llvm::Module& module) {
  llvm::LLVMContext& context = module.getContext();
  llvm::Type* pointer = llvm::PointerType::get(context, 0);
  auto* type = llvm::FunctionType::get(llvm::Type::getInt8Ty(context), {pointer, pointer, pointer},
                                       false);
  auto* function =
      llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage,
                             predicate_symbol(predicate), module);
  function->setDSOLocal(true);
  function->addRetAttr(llvm::Attribute::ZExt);
  function->setDoesNotThrow();
  function->setOnlyReadsMemory();
  const char* names[] = {"values", "causes", "sustained"};
  for (llvm::Argument& argument : function->args()) {
    argument.setName(names[argument.getArgNo()]);
    argument.addAttr(llvm::Attribute::NoCapture);
  }
  return function;
}

}  // namespace

void emit_predicate(const Plan& plan, PredicateId predicate, llvm::Module& module) {
  PredicateEmitter emitter(plan, *declare_predicate(predicate, module));
  emitter.emit(plan.predicates[predicate.value].root());
}

}  // namespace rel::codegen
