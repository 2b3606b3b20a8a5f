// Numbers of evidence files: what a condition over them comes to, and what the plan keeps of it.
#include <catch2/catch.hpp>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"
#include "compiler/sema/check.h"
#include "compiler/sema/digest.h"
#include "compiler/sema/evidence.h"
#include "compiler/sema/imports.h"
#include "runtime/eval/evaluator.h"

namespace {

using namespace rel;

// examples/eval: auc 0.943, recall 0.861 to 0.874 by age band, p99 63.8 milliseconds.
std::string policy(std::string_view condition) {
  return "segment age_band in { \"18-25\", \"26-40\", \"41+\" }\n"
         "metric failed : flag per request\n"
         "guard point = " +
         std::string{condition} + "\n";
}

std::optional<bool> verdict_of(std::string_view condition) {
  Sources sources;
  Diagnostics diagnostics;
  const FileId file =
      sources.add(std::string{REL_SOURCE_DIR} + "/examples/point.release", policy(condition));
  std::vector<ast::File> files;
  REQUIRE(sema::load_files(sources, file, diagnostics, files));
  const sema::TypedPolicy typed = sema::check_policy(sources, files, diagnostics);
  INFO(condition << render_text(sources, diagnostics.all(), Colour::never));
  REQUIRE(!diagnostics.has_errors());
  return sema::evidence_verdict(typed, typed.guards[0].body);
}

}  // namespace

TEST_CASE("a condition of evidence alone has a verdict when it is checked") {
  const std::string auc = "evidence(\"eval/holdout.json\").auc";
  const std::string recall = "spread(evidence(\"eval/fairness.json\").recall by age_band)";
  const std::string p99 = "evidence(\"eval/load.json\").p99 in ms";
  CHECK(verdict_of(auc + " >= 0.92") == true);
  CHECK(verdict_of(auc + " >= 94.4%") == false);
  CHECK(verdict_of(recall + " <= 1.4pp") == true);  // 0.874 less 0.861
  CHECK(verdict_of(recall + " <= 1.2pp") == false);
  CHECK(verdict_of(p99 + " <= 80ms") == true);
  CHECK(verdict_of(p99 + " <= 60ms") == false);
  CHECK(verdict_of("1 - " + auc + " <= 0.06") == true);
  CHECK(verdict_of("not (" + auc + " < 0.92) and " + p99 + " <= 80ms") == true);
  CHECK(verdict_of(auc + " < 0.92 or " + p99 + " > 80ms") == false);
  CHECK(verdict_of(auc + " >= 0.92 and rate(failed) < 1% over 1m") == std::nullopt);
}

TEST_CASE("a plan holds the numbers, and the digests of the files they are from") {
  const std::string folder = std::string{REL_SOURCE_DIR} + "/examples/";
  Sources sources;
  Diagnostics diagnostics;
  const FileId file = sources.add(folder + "point.release", R"(
model m { baseline = mlflow("m/1"); candidate = mlflow("m/2") }
release r of m {
  unknown { source_error: hold; no_data: hold; insufficient: hold }
  stage live: 100% {
    promote when evidence("eval/holdout.json").auc >= 0.95
              or evidence("eval/holdout.json").recall >= 87% and samples(candidate) >= 1000
    at most 1d; otherwise hold
  }
})");
  const Compiled compiled = compile(sources, file, {}, diagnostics);
  INFO(render_text(sources, diagnostics.all(), Colour::never));
  REQUIRE(compiled.plans.size() == 1);
  const Plan& plan = compiled.plans[0];
  REQUIRE(plan.evidence_files.size() == 1);
  CHECK(plan.text(plan.evidence_files[0].path) == "eval/holdout.json");
  CHECK(plan.text(plan.evidence_files[0].digest) ==
        *sema::file_digest(folder + "eval/holdout.json"));
  const PredicateId gate = plan.triggers[0].when;
  CHECK_THAT(std::string{plan.text(plan.predicates[gate.value].text)},
             Catch::Contains("evidence(\"eval/holdout.json\").auc >= 0.95"));
  const auto with_samples = [&](double samples) {
    const uint8_t known = cause_none;
    return interpret(plan, gate, FrameView{&samples, &known, nullptr});
  };
  CHECK(with_samples(1000) == Verdict::is_true);
  CHECK(with_samples(999) == Verdict::is_false);
  const Result<Plan> loaded = load_plan(save_plan(plan));
  REQUIRE(loaded);
  CHECK(print_plan(*loaded) == print_plan(plan));
}
