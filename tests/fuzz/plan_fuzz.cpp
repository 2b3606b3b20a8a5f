// Plan loader: any bytes are a plan that verifies, and stays what it is, or are refused with a
// reason. The first byte chooses between bytes as they come and good plans that are damaged; the
// checksum at the end is put right, or nothing would be read.
#include <xxhash.h>

#include <cstring>
#include <string>
#include <string_view>

#include "runtime/base/check.h"
#include "runtime/plan/plan.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/patch.h"
#include "tests/host_fixture.h"
#include "tests/small_release.h"

namespace {

using namespace rel;

std::string bytes_of(uint8_t choice, std::string_view rest) {
  static const std::string with_actions = save_plan(test::small_plan());
  static const std::string with_segments = save_plan(test::small_release());
  switch (choice % 3) {
    case 0: return std::string(rest);
    case 1: return fuzz::patched(with_actions, rest);
    default: return fuzz::patched(with_segments, rest);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string bytes = bytes_of(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  if (bytes.size() >= sizeof(uint64_t)) {
    const size_t covered = bytes.size() - sizeof(uint64_t);
    const uint64_t checksum = XXH64(bytes.data(), covered, 0);
    std::memcpy(bytes.data() + covered, &checksum, sizeof checksum);
  }
  const Result<Plan> plan = load_plan(bytes);
  if (!plan) {
    REL_CHECK(!plan.error().message.empty());
    return 0;
  }
  REL_CHECK(verify_plan(*plan));
  const Result<Plan> again = load_plan(save_plan(*plan));
  REL_CHECK(again && plan_hash(*again) == plan_hash(*plan));
  REL_CHECK(!print_plan(*plan).empty());
  return 0;
}
