// The saved plan of the C API tests.
#include "tests/capi/small_plan.h"

#include "tests/small_release.h"

const char* small_plan(size_t* size) {
  static const std::string bytes = rel::save_plan(rel::test::small_release());
  *size = bytes.size();
  return bytes.data();
}
