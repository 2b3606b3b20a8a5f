// Links one object into this process with ORC, within a memory limit and without other symbols.
#include "compiler/codegen/linked_code.h"

#include <fmt/format.h>

#include <llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h>
#include <llvm/ExecutionEngine/Orc/Core.h>
#include <llvm/ExecutionEngine/Orc/ExecutorProcessControl.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/TaskDispatch.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/Process.h>

#include "compiler/codegen/target.h"

namespace rel::codegen {
namespace {

// Places code as JITLink does (written, then made executable, never both), up to a limit.
class BoundedMemory : public llvm::jitlink::InProcessMemoryManager {
 public:
  BoundedMemory(uint64_t page_size, size_t bytes_max)
      : InProcessMemoryManager(page_size), bytes_left_(bytes_max) {}

  using InProcessMemoryManager::allocate;
  void allocate(const llvm::jitlink::JITLinkDylib* dylib, llvm::jitlink::LinkGraph& graph,
                OnAllocatedFunction on_allocated) override {
    size_t bytes = 0;
    for (const llvm::jitlink::Block* block : graph.blocks()) bytes += block->getSize();
    if (bytes > bytes_left_) {
      on_allocated(llvm::createStringError(
          fmt::format("machine code of {} bytes exceeds the limit: use the interpreter", bytes)
              .c_str()));
      return;
    }
    bytes_left_ -= bytes;
    InProcessMemoryManager::allocate(dylib, graph, std::move(on_allocated));
  }

 private:
  size_t bytes_left_;
};

}  // namespace

// The parts of LLJIT that an object without needs takes: no IR layer, no symbols of the process, no
// platform with its constructors. Tasks run in place, so no thread outlives (or enters) a call and
// a master process may fork afterwards.
struct LinkedCode::Session {
  Session(std::unique_ptr<llvm::orc::ExecutorProcessControl> process,
          std::unique_ptr<BoundedMemory> code_memory)
      : memory(std::move(code_memory)), session(std::move(process)), layer(session, *memory) {
    session.setErrorReporter([this](llvm::Error error) {
      if (!complaint.empty()) complaint += "; ";
      complaint += llvm::toString(std::move(error));
    });
  }

  ~Session() {
    if (llvm::Error error = session.endSession()) session.reportError(std::move(error));
  }

  std::string complaint;  // the reasons behind a lookup that says no more than "failed"
  std::unique_ptr<BoundedMemory> memory;
  llvm::orc::ExecutionSession session;
  llvm::orc::ObjectLinkingLayer layer;
  llvm::orc::JITDylib* dylib = nullptr;
};

LinkedCode::LinkedCode(std::unique_ptr<Session> session) : session_(std::move(session)) {}
LinkedCode::~LinkedCode() = default;

Result<std::unique_ptr<LinkedCode>> LinkedCode::link(llvm::StringRef object, size_t bytes_max) {
  auto page_size = llvm::sys::Process::getPageSize();
  if (!page_size) return to_error(page_size.takeError());
  auto process = llvm::orc::SelfExecutorProcessControl::Create(
      nullptr, std::make_unique<llvm::orc::InPlaceTaskDispatcher>());
  if (!process) return to_error(process.takeError());
  auto session = std::make_unique<Session>(
      std::move(*process), std::make_unique<BoundedMemory>(*page_size, bytes_max));
  session->dylib = &session->session.createBareJITDylib("plan");
  if (llvm::Error error = session->layer.add(
          *session->dylib, llvm::MemoryBuffer::getMemBufferCopy(object, "plan"))) {
    return to_error(std::move(error));
  }
  return std::unique_ptr<LinkedCode>(new LinkedCode(std::move(session)));
}

Result<std::vector<void*>> LinkedCode::find(const std::vector<std::string>& names) {
  llvm::orc::ExecutionSession& session = session_->session;
  llvm::orc::SymbolLookupSet wanted;
  for (const std::string& name : names) wanted.add(session.intern(name));
  auto found = session.lookup(llvm::orc::makeJITDylibSearchOrder(session_->dylib), wanted);
  if (!found) {
    std::string reason = llvm::toString(found.takeError());
    if (!session_->complaint.empty()) reason += ": " + session_->complaint;
    return Error{reason};
  }
  std::vector<void*> addresses;
  addresses.reserve(names.size());
  for (const std::string& name : names) {
    addresses.push_back((*found)[session.intern(name)].getAddress().toPtr<void*>());
  }
  return addresses;
}

}  // namespace rel::codegen
