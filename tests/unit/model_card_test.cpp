// Model cards: front matter, headings, and what is not one.
#include "compiler/cli/model_card.h"

#include <catch2/catch.hpp>

using rel::cli::parse_model_card;

TEST_CASE("a model card names its candidate and has its headings") {
  const auto card = parse_model_card(
      "---\nlicense: mit\ncandidate: fraud/13\n---\n# Fraud\n\n## Metrics\ntext\n"
      "```\n# not a heading\n```\n###  Limitations ##\n#hashtag\n",
      "CARD.md");
  REQUIRE(card);
  CHECK(card->candidate == "fraud/13");
  CHECK(card->headings == std::vector<std::string>{"Fraud", "Metrics", "Limitations"});
}

TEST_CASE("what is not a model card says why") {
  const auto none = parse_model_card("# Fraud\n", "CARD.md");
  REQUIRE_FALSE(none);
  CHECK_THAT(none.error().message, Catch::Contains("no front matter"));
  CHECK_FALSE(parse_model_card("---\ncandidate: x\n", "CARD.md"));
  const auto broken = parse_model_card("---\na: [\n---\n", "CARD.md");
  REQUIRE_FALSE(broken);
  CHECK_THAT(broken.error().message, Catch::StartsWith("CARD.md:"));
  CHECK(parse_model_card("---\nlicense: mit\n---\n", "CARD.md")->candidate.empty());
  CHECK_FALSE(rel::cli::read_model_card("/nowhere/CARD.md"));
}
