// The tables of words.
#include "compiler/syntax/words.h"

#include <array>

namespace rel {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 12> file_words = {
    "import",   "model",  "metric",  "segment", "guard", "gate",
    "measure", "strategy", "policy", "release", "set",   "test"};
constexpr std::array<std::string_view, 5> model_words = {"baseline", "candidate", "needs",
                                                         "serves", "expect"};
// What is expected begins with the name of a metric or a segment, or with this.
constexpr std::array<std::string_view, 1> expected_words = {"traffic"};
constexpr std::array<std::string_view, 14> release_words = {
    "owner", "pane",  "false_rollback", "unknown", "require", "rollback", "hold",
    "alert", "stage", "allow",          "observe", "route",   "where",    "sticky"};
constexpr std::array<std::string_view, 3> unknown_words = {"source_error", "no_data",
                                                           "insufficient"};
// A point begins with a name of its own.
constexpr std::array<std::string_view, 1> require_words = {"NAME:"};
constexpr std::array<std::string_view, 16> stage_words = {
    "soak", "at",    "otherwise", "reviewed", "promote", "step", "rollback", "hold",
    "alert", "smoke", "watch",    "keep",    "allow", "unknown", "before", "after"};
constexpr std::array<std::string_view, 7> rollback_words = {
    "route", "revert", "notify", "escalate", "report", "quarantine", "cooldown"};
constexpr std::array<std::string_view, 3> test_words = {"given", "feed", "expect"};

}  // namespace

std::string_view name_of(Block block) {
  switch (block) {
    case Block::file:
      return "a policy file";
    case Block::model:
      return "a model";
    case Block::expected:
      return "an `expect` block";
    case Block::release:
      return "a release";
    case Block::unknown:
      return "an `unknown` block";
    case Block::require:
      return "a `require` block";
    case Block::stage:
      return "a stage";
    case Block::rollback:
      return "a `rollback` block";
    case Block::test:
      return "a test";
  }
  return {};
}

std::span<const std::string_view> statements_of(Block block) {
  switch (block) {
    case Block::file:
      return file_words;
    case Block::model:
      return model_words;
    case Block::expected:
      return expected_words;
    case Block::release:
      return release_words;
    case Block::unknown:
      return unknown_words;
    case Block::require:
      return require_words;
    case Block::stage:
      return stage_words;
    case Block::rollback:
      return rollback_words;
    case Block::test:
      return test_words;
  }
  return {};
}

}  // namespace rel
