// Plan files: what is saved is loaded, what is damaged is refused, and nothing a file can hold
// crashes the loader.
#include <xxhash.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include "runtime/plan/plan.h"
#include "tests/small_release.h"

namespace {

using namespace rel;

constexpr size_t checksum_bytes = 8;

// Gives changed bytes the checksum they need to get past it.
void seal(std::string& bytes) {
  const uint64_t sum = XXH64(bytes.data(), bytes.size() - checksum_bytes, 0);
  for (size_t byte = 0; byte < checksum_bytes; ++byte) {
    bytes[bytes.size() - checksum_bytes + byte] = static_cast<char>(sum >> (8 * byte));
  }
}

std::string reason(std::string_view bytes) {
  const Result<Plan> plan = load_plan(bytes);
  REQUIRE(!plan);
  return plan.error().message;
}

}  // namespace

TEST_CASE("a saved plan loads as the same plan", "[plan]") {
  const Plan plan = test::small_release();
  const std::string bytes = save_plan(plan);
  REQUIRE(is_saved_plan(bytes));
  const Result<Plan> loaded = load_plan(bytes);
  REQUIRE(loaded);
  CHECK(save_plan(*loaded) == bytes);
  CHECK(print_plan(*loaded) == print_plan(plan));
  CHECK(plan_hash(plan) == XXH64(bytes.data(), bytes.size(), 0));
}

TEST_CASE("the hash tells plans apart", "[plan]") {
  Plan plan = test::small_release();
  const uint64_t hash = plan_hash(plan);
  plan.steps[0].share_millionths += 1;
  CHECK(plan_hash(plan) != hash);
}

TEST_CASE("a file that is no plan is refused with what it is", "[plan]") {
  const std::string bytes = save_plan(test::small_release());
  CHECK(reason("") == reason("release canary of scorer {}"));
  CHECK(reason("").find("does not begin as a plan") != std::string::npos);
  CHECK(reason(bytes.substr(0, 12)).find("cut short") != std::string::npos);
  CHECK(reason(bytes + "x").find("checksum") != std::string::npos);

  std::string newer = bytes;
  newer[8] = 99;
  seal(newer);
  CHECK(reason(newer).find("version 99, this program reads version") != std::string::npos);

  std::string longer = bytes.substr(0, bytes.size() - checksum_bytes) + std::string(16, '\0');
  seal(longer);
  CHECK(reason(longer).find("follows its last section") != std::string::npos);
}

TEST_CASE("every truncation of a plan file is refused", "[plan]") {
  const std::string bytes = save_plan(test::small_release());
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE(!load_plan(std::string_view{bytes}.substr(0, size)));
    // With a checksum of its own the cut is found by the sections.
    if (size < 32) continue;
    std::string sealed = bytes.substr(0, size);
    seal(sealed);
    REQUIRE(!load_plan(sealed));
  }
}

TEST_CASE("every flipped bit is found by the checksum", "[plan]") {
  const std::string bytes = save_plan(test::small_release());
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    REQUIRE(!load_plan(flipped));
  }
}

// A changed byte with a matching checksum meets the sections and verify_plan instead. What they let
// pass is a plan: it prints, and it loads again from what it saves as.
TEST_CASE("a plan file with changed bytes is refused or is a plan", "[plan]") {
  const std::string bytes = save_plan(test::small_release());
  const char values[] = {0, 1, 0x7f, static_cast<char>(0x80), static_cast<char>(0xff)};
  size_t refused = 0;
  size_t tried = 0;
  for (size_t at = 0; at + checksum_bytes < bytes.size(); ++at) {
    for (const char value : values) {
      if (bytes[at] == value) continue;
      std::string changed = bytes;
      changed[at] = value;
      seal(changed);
      ++tried;
      const Result<Plan> plan = load_plan(changed);
      if (!plan) {
        ++refused;
        continue;
      }
      REQUIRE(!print_plan(*plan).empty());
      REQUIRE(load_plan(save_plan(*plan)));
    }
  }
  // Texts, spans and constants may change; most of the rest may not.
  CHECK(refused > tried / 2);
}

TEST_CASE("random damage never crashes the loader", "[plan]") {
  const std::string bytes = save_plan(test::small_release());
  std::mt19937_64 random(20260301);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = bytes;
    const int changes = 1 + static_cast<int>(random() % 8);
    for (int change = 0; change < changes; ++change) {
      damaged[8 + random() % (damaged.size() - 8)] = static_cast<char>(random());
    }
    if (random() % 4 == 0) damaged.resize(20 + random() % (damaged.size() - 20));
    seal(damaged);
    const Result<Plan> plan = load_plan(damaged);
    if (plan) REQUIRE(verify_plan(*plan));
  }
}
