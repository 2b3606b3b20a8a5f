// Formatter: what it writes is the same policy (it checks that itself) and stays as it is.
#include "compiler/format/format.h"
#include "runtime/base/check.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rel;
  Sources sources;
  Diagnostics diagnostics;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto once = format_policy(sources, sources.add("p.release", text), diagnostics);
  REL_CHECK(once.has_value() != diagnostics.has_errors());
  if (!once) return 0;
  const auto twice = format_policy(sources, sources.add("p.release", *once), diagnostics);
  REL_CHECK(twice && *twice == *once);
  return 0;
}
