// The last fix of a file is applied first, so that the places of the others stay true.
#include "compiler/diagnostics/fixes.h"

#include <algorithm>
#include <vector>

namespace rel {

FixedText apply_safe_fixes(std::string_view text, FileId file,
                           std::span<const Diagnostic> diagnostics) {
  std::vector<const Fix*> fixes;
  for (const Diagnostic& each : diagnostics)
    for (const Fix& fix : each.fixes)
      if (fix.safe && fix.span.file == file && fix.span.end() <= text.size())
        fixes.push_back(&fix);
  std::stable_sort(fixes.begin(), fixes.end(), [](const Fix* a, const Fix* b) {
    return a->span.offset > b->span.offset;
  });
  FixedText made{std::string(text), 0};
  size_t before = text.size() + 1;
  for (const Fix* fix : fixes) {
    // Two insertions at one place could be the same one offered twice.
    if (fix->span.end() > before || fix->span.offset == before) continue;
    made.text.replace(fix->span.offset, fix->span.length, fix->text);
    before = fix->span.offset;
    ++made.applied;
  }
  return made;
}

}  // namespace rel
