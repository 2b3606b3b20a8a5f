// Units: what quantities measure and how units combine.
#include <catch2/catch.hpp>

#include "compiler/sema/unit.h"

namespace {

using namespace rel;
using namespace rel::sema;

Amount amount(std::vector<ast::Quantity::Part> parts) {
  const QuantityAmount read = amount_of(ast::Quantity{std::move(parts), {}, {}});
  REQUIRE(read.amount);
  return *read.amount;
}

}  // namespace

TEST_CASE("quantities are read into base units", "[sema]") {
  CHECK(amount({{300, "ms"}}).value == 0.3);
  CHECK(amount({{300, "ms"}}).unit == time_unit);
  CHECK(amount({{1, "h"}, {30, "m"}}).value == 5400);
  CHECK(amount({{2, "%"}}).value == 0.02);
  CHECK(amount({{2, "%"}}).unit == ratio_unit);
  CHECK(amount({{2, "pp"}}).unit == points_unit);
  CHECK(amount({{50, "k"}}).value == 50'000);
  CHECK(amount({{1.5, "MiB"}}).value == 1'572'864);
  CHECK(amount({{120, "/s"}}).unit == Unit{.time = -1, .requests = 1});
  CHECK(amount({{60, "k/m"}}).value == 1000);
}

TEST_CASE("quantities without a meaning are refused", "[sema]") {
  for (const char* unit : {"sec", "msec", "/", "/kg", "s/s/s", "Ms"}) {
    INFO(unit);
    CHECK(!amount_of({{{1, unit}}, {}}).amount);
  }
  // Only durations have parts, from large to small.
  CHECK(!amount_of({{{30, "m"}, {1, "h"}}, {}}).amount);
  CHECK(!amount_of({{{30, "m"}, {1, "m"}}, {}}).amount);
  CHECK(!amount_of({{{1, "MB"}, {1, "kB"}}, {}}).amount);
}

TEST_CASE("ratios differ by points", "[sema]") {
  CHECK(subtract(ratio_unit, ratio_unit) == points_unit);
  CHECK(add(ratio_unit, points_unit) == ratio_unit);
  CHECK(add(points_unit, ratio_unit) == ratio_unit);
  CHECK(subtract(ratio_unit, points_unit) == ratio_unit);
  CHECK(!subtract(points_unit, ratio_unit));
  CHECK(!add(ratio_unit, plain_unit));
  CHECK(!add(time_unit, ratio_unit));
}

TEST_CASE("products and quotients combine dimensions", "[sema]") {
  CHECK(multiply(time_unit, plain_unit) == time_unit);
  CHECK(multiply(time_unit, ratio_unit) == time_unit);
  CHECK(multiply(ratio_unit, plain_unit) == ratio_unit);
  CHECK(multiply(ratio_unit, ratio_unit) == ratio_unit);
  CHECK(multiply(points_unit, ratio_unit) == points_unit);
  CHECK(divide(time_unit, time_unit) == plain_unit);
  CHECK(divide(ratio_unit, ratio_unit) == plain_unit);
  CHECK(divide(ratio_unit, plain_unit) == ratio_unit);
  CHECK(divide(usd_unit, requests_unit) ==
        Unit{.requests = -1, .money = 1, .currency = Currency::usd});
  CHECK(divide(usd_unit, usd_unit) == plain_unit);
}

TEST_CASE("currencies do not mix and exponents are bounded", "[sema]") {
  CHECK(!multiply(usd_unit, eur_unit));
  CHECK(!divide(usd_unit, eur_unit));
  std::optional<Unit> power = time_unit;
  for (int factor = 2; factor <= 4; ++factor) {
    power = multiply(*power, time_unit);
    REQUIRE(power);
  }
  CHECK(power->time == 4);
  CHECK(!multiply(*power, time_unit));
}

TEST_CASE("units are described in the author's words", "[sema]") {
  CHECK(describe(time_unit) == "a duration");
  CHECK(describe(points_unit) == "a difference of ratios");
  CHECK(describe(Unit{.time = 2}) == "a quantity in time^2");
  CHECK(describe(Unit{.requests = -1, .money = 1, .currency = Currency::eur}) ==
        "a quantity in eur / requests");
}

TEST_CASE("a printable unit and its plan unit are the same", "[sema]") {
  for (const PlanUnit unit :
       {PlanUnit::number, PlanUnit::ratio, PlanUnit::points, PlanUnit::seconds, PlanUnit::bytes,
        PlanUnit::tokens, PlanUnit::requests, PlanUnit::usd, PlanUnit::eur, PlanUnit::per_second}) {
    CHECK(plan_unit(unit_of(unit)) == unit);
  }
  CHECK(!plan_unit(Unit{.time = 2}));
}
