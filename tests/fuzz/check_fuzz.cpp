// Checker: every file has plans or errors, every plan verifies and is the same after save and load,
// and a safe fix never adds an error.
#include <algorithm>

#include "compiler/compile.h"
#include "compiler/diagnostics/fixes.h"
#include "compiler/diagnostics/render_github.h"
#include "compiler/diagnostics/render_json.h"
#include "compiler/diagnostics/render_sarif.h"
#include "compiler/diagnostics/render_short.h"
#include "runtime/base/check.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using namespace rel;

size_t errors_in(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics;
  compile(sources, sources.add("p.release", text), CompileOptions{}, diagnostics);
  size_t errors = 0;
  for (const Diagnostic& each : diagnostics.all()) errors += each.level == Level::error ? 1 : 0;
  return errors;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Sources sources;
  Diagnostics diagnostics;
  const FileId file = sources.add("p.release", text);
  const Compiled compiled = compile(sources, file, CompileOptions{}, diagnostics);
  REL_CHECK(!diagnostics.has_errors() || compiled.plans.empty());
  for (const Plan& plan : compiled.plans) {
    const auto loaded = load_plan(save_plan(plan));
    REL_CHECK(loaded && plan_hash(*loaded) == plan_hash(plan));
    REL_CHECK(!print_plan(plan).empty());
  }
  render_json(sources, diagnostics.all());
  render_short(sources, diagnostics.all());
  render_github(sources, diagnostics.all());
  SarifLog log;
  log.add(sources, diagnostics.all());
  REL_CHECK(!log.text().empty());

  const FixedText fixed = apply_safe_fixes(text, file, diagnostics.all());
  if (fixed.applied == 0) return 0;
  size_t errors = 0;
  for (const Diagnostic& each : diagnostics.all()) errors += each.level == Level::error ? 1 : 0;
  // A file with syntax errors is not checked further: mending them can bring others to light.
  const auto is_syntax = [](const Diagnostic& each) {
    return info_of(each.code).number < 1000 && each.code != Code::bad_allow;
  };
  const auto& found = diagnostics.all();
  const bool syntax = std::any_of(found.begin(), found.end(), is_syntax);
  REL_CHECK(syntax || errors_in(fixed.text) <= errors);
  return 0;
}
