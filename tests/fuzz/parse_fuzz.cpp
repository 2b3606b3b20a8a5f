// Parser: a file that parses without errors has a statement for each of its statements, and every
// place it names is inside of the text.
#include "compiler/diagnostics/render_text.h"
#include "compiler/syntax/parse.h"
#include "runtime/base/check.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rel;
  Sources sources;
  Diagnostics diagnostics;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const FileId file = sources.add("p.release", text);
  const ast::File made = parse(sources, file, diagnostics);
  const auto inside = [&](Span span) { return span.file == file && span.end() <= size; };
  for (const ast::Expr& each : made.exprs) REL_CHECK(inside(each.span));
  for (const ast::Release& each : made.releases) REL_CHECK(inside(each.span));
  for (const Diagnostic& each : diagnostics.all()) REL_CHECK(inside(each.span));
  render_text(sources, diagnostics.all(), Colour::always);
  return 0;
}
