// The C interface of code generation: plan bytes in, callable predicates or an artefact out.
#include "compiler/codegen/codegen.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <string_view>

#include <llvm/Support/raw_ostream.h>

#include "compiler/codegen/linked_code.h"
#include "compiler/codegen/plan_module.h"
#include "compiler/codegen/target.h"
#include "runtime/plan/plan.h"

struct RelJit {
  std::unique_ptr<rel::codegen::LinkedCode> code;
  std::vector<rel::PredicateFn> predicates;
};

namespace rel::codegen {
namespace {

// A module, and the machine it was made for.
struct Compiled {
  std::unique_ptr<llvm::TargetMachine> machine;
  PlanModule plan;
};

Result<Compiled> compile(const Plan& plan, ValueNames names) {
  auto machine = make_target_machine();
  if (!machine) return machine.error();
  auto module = make_plan_module(plan, **machine, names);
  if (!module) return module.error();
  return Compiled{std::move(*machine), std::move(*module)};
}

Result<llvm::SmallVector<char, 0>> compile_object(const Plan& plan) {
  auto compiled = compile(plan, ValueNames::discard);
  if (!compiled) return compiled.error();
  return emit_object(*compiled->machine, *compiled->plan.module);
}

Result<std::unique_ptr<RelJit>> link_object(const Plan& plan, llvm::StringRef object) {
  auto code = LinkedCode::link(object, code_bytes_max);
  if (!code) return code.error();
  auto hash = (*code)->find({plan_hash_symbol});
  if (!hash) return hash.error();
  uint64_t made_for = 0;
  std::memcpy(&made_for, hash->front(), sizeof made_for);
  if (made_for != plan_hash(plan)) {
    return Error{fmt::format("the object was made for plan {:016x}, this is plan {:016x}; build "
                             "it again from this policy",
                             made_for, plan_hash(plan))};
  }

  std::vector<std::string> names;
  for (uint32_t index = 0; index < plan.predicates.size(); ++index) {
    names.push_back(predicate_symbol(PredicateId{index}));
  }
  auto addresses = (*code)->find(names);
  if (!addresses) return addresses.error();
  auto jit = std::make_unique<RelJit>();
  for (void* address : *addresses) {
    jit->predicates.push_back(reinterpret_cast<PredicateFn>(address));
  }
  jit->code = std::move(*code);
  return jit;
}

Result<std::unique_ptr<RelJit>> compile_in_process(std::string_view bytes) {
  auto plan = load_plan(bytes);
  if (!plan) return plan.error();
  auto object = compile_object(*plan);
  if (!object) return object.error();
  return link_object(*plan, llvm::StringRef(object->data(), object->size()));
}

Result<std::unique_ptr<RelJit>> link_in_process(std::string_view bytes, llvm::StringRef object) {
  auto plan = load_plan(bytes);
  if (!plan) return plan.error();
  return link_object(*plan, object);
}

Result<std::string> emit(std::string_view bytes, std::string_view kind) {
  auto plan = load_plan(bytes);
  if (!plan) return plan.error();
  if (kind == "ir") {
    auto compiled = compile(*plan, ValueNames::keep);
    if (!compiled) return compiled.error();
    std::string text;
    llvm::raw_string_ostream stream(text);
    compiled->plan.module->print(stream, nullptr);
    return text;
  }
  if (kind == "obj") {
    auto object = compile_object(*plan);
    if (!object) return object.error();
    return std::string(object->data(), object->size());
  }
  return Error{fmt::format("cannot emit `{}`: write `ir` or `obj`", kind)};
}

// Runs `make` for a C caller: an error or an exception of a library becomes text in `error`.
template <typename Made>
Made* for_c(char* error, size_t error_size, const std::function<Result<Made*>()>& make) {
  std::string reason;
  try {
    Result<Made*> made = make();
    if (made) return *made;
    reason = made.error().message;
  } catch (const std::exception& exception) {
    reason = fmt::format("code generation failed: {}", exception.what());
  }
  if (error != nullptr && error_size > 0) {
    const size_t length = std::min(reason.size(), error_size - 1);
    std::memcpy(error, reason.data(), length);
    error[length] = '\0';
  }
  return nullptr;
}

}  // namespace
}  // namespace rel::codegen

RelJit* rel_jit_compile(const char* plan, size_t plan_size, char* error, size_t error_size) {
  return rel::codegen::for_c<RelJit>(error, error_size, [&]() -> rel::Result<RelJit*> {
    auto jit = rel::codegen::compile_in_process({plan, plan_size});
    if (!jit) return jit.error();
    return jit->release();
  });
}

RelJit* rel_jit_link(const char* plan, size_t plan_size, const char* object, size_t object_size,
                     char* error, size_t error_size) {
  return rel::codegen::for_c<RelJit>(error, error_size, [&]() -> rel::Result<RelJit*> {
    auto jit = rel::codegen::link_in_process({plan, plan_size}, {object, object_size});
    if (!jit) return jit.error();
    return jit->release();
  });
}

const rel::PredicateFn* rel_jit_predicates(const RelJit* jit) { return jit->predicates.data(); }

size_t rel_jit_predicate_count(const RelJit* jit) { return jit->predicates.size(); }

void rel_jit_free(RelJit* jit) { delete jit; }

char* rel_codegen_emit(const char* plan, size_t plan_size, const char* kind, size_t* size,
                       char* error, size_t error_size) {
  return rel::codegen::for_c<char>(error, error_size, [&]() -> rel::Result<char*> {
    auto text = rel::codegen::emit({plan, plan_size}, kind);
    if (!text) return text.error();
    char* copy = static_cast<char*>(std::malloc(text->size() + 1));
    if (copy == nullptr) return rel::Error{"out of memory for the emitted text"};
    std::memcpy(copy, text->data(), text->size());
    copy[text->size()] = '\0';  // so that text can be printed as it is
    *size = text->size();
    return copy;
  });
}
