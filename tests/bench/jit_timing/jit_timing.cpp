// Times one compilation and prints nanoseconds.
//   cold  ours       from here to a callable predicate, for a plan of one predicate
//   cold  reference  from here to a callable function that returns 1, by a plain LLJIT at -O0
//   batch ours       warm, per predicate, for a plan of 50
//   batch reference  warm, per function, LLVM alone: the very same IR, read in beforehand
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>

#include "compiler/codegen/codegen.h"
#include "tests/differential/plan_builder.h"

namespace {

using Clock = std::chrono::steady_clock;
using llvm::orc::ThreadSafeModule;

constexpr int predicates_per_batch = 50;
constexpr int batches = 9;
const llvm::ExitOnError must("rel_jit_timing: ");

double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

std::string saved_plan(int predicates) {
  rel::test::PlanBuilder builder;
  const rel::test::ReferenceFrame frame = rel::test::add_reference_frame(builder);
  for (int count = 0; count < predicates; ++count) {
    rel::test::add_reference_predicate(builder, frame);
  }
  return rel::save_plan(builder.build());
}

RelJit* compile_ours(const std::string& plan) {
  char error[512] = "";
  RelJit* jit = rel_jit_compile(plan.data(), plan.size(), error, sizeof error);
  if (jit != nullptr) return jit;
  std::fprintf(stderr, "rel_jit_timing: %s\n", error);
  std::exit(1);
}

double time_ours(const std::string& plan) {
  const Clock::time_point start = Clock::now();
  RelJit* jit = compile_ours(plan);
  const double elapsed = nanoseconds_since(start);
  const bool callable = rel_jit_predicates(jit)[0] != nullptr;
  rel_jit_free(jit);
  return callable ? elapsed : -1;
}

void initialise_llvm() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
}

std::unique_ptr<llvm::orc::LLJIT> plain_lljit() {
  auto machine = must(llvm::orc::JITTargetMachineBuilder::detectHost());
  machine.setCodeGenOptLevel(llvm::CodeGenOptLevel::None);
  return must(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(machine).create());
}

double time_trivial_function() {
  const Clock::time_point start = Clock::now();
  initialise_llvm();
  auto jit = plain_lljit();
  auto context = std::make_unique<llvm::LLVMContext>();
  auto module = std::make_unique<llvm::Module>("trivial", *context);
  llvm::IRBuilder<> builder(*context);
  auto* function = llvm::Function::Create(llvm::FunctionType::get(builder.getInt8Ty(), false),
                                          llvm::Function::ExternalLinkage, "trivial", *module);
  builder.SetInsertPoint(llvm::BasicBlock::Create(*context, "entry", function));
  builder.CreateRet(builder.getInt8(1));
  must(jit->addIRModule(ThreadSafeModule(std::move(module), std::move(context))));
  auto* callable = must(jit->lookup("trivial")).toPtr<uint8_t (*)()>();
  const double elapsed = nanoseconds_since(start);
  return callable() == 1 ? elapsed : -1;
}

double time_llvm_alone(const std::string& plan) {
  char error[512] = "";
  size_t size = 0;
  char* text = rel_codegen_emit(plan.data(), plan.size(), "ir", &size, error, sizeof error);
  if (text == nullptr) return -1;
  auto context = std::make_unique<llvm::LLVMContext>();
  llvm::SMDiagnostic diagnostic;
  auto module = llvm::parseIR({llvm::StringRef(text, size), "plan"}, diagnostic, *context);
  std::free(text);
  if (module == nullptr) return -1;

  const Clock::time_point start = Clock::now();
  auto jit = plain_lljit();
  must(jit->addIRModule(ThreadSafeModule(std::move(module), std::move(context))));
  for (int index = 0; index < predicates_per_batch; ++index) {
    must(jit->lookup("rel_predicate_" + std::to_string(index)));
  }
  return nanoseconds_since(start);
}

// The median of several, after one that warms LLVM up.
template <typename Measure>
double per_predicate(Measure measure) {
  const std::string plan = saved_plan(predicates_per_batch);
  measure(plan);
  std::vector<double> times;
  for (int count = 0; count < batches; ++count) times.push_back(measure(plan));
  std::sort(times.begin(), times.end());
  return times.front() < 0 ? -1 : times[batches / 2] / predicates_per_batch;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 3 ? std::string(argv[1]) + " " + argv[2] : "";
  double nanoseconds = -1;
  if (mode == "cold ours") nanoseconds = time_ours(saved_plan(1));
  if (mode == "cold reference") nanoseconds = time_trivial_function();
  if (mode == "batch ours") nanoseconds = per_predicate(time_ours);
  if (mode == "batch reference") {
    initialise_llvm();
    nanoseconds = per_predicate(time_llvm_alone);
  }
  if (nanoseconds < 0) return 1;
  std::printf("%.0f\n", nanoseconds);
  return 0;
}
