// How a broken invariant ends the process: one line that names it, then abort.

#include "runtime/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace rel {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "relc: internal error: `%s` does not hold at %s:%d\n", condition, file,
               line);
  std::abort();
}

}  // namespace rel
