// Routing a request by what it carries: forced routes, the audience, and waves.
#include <catch2/catch.hpp>

#include "runtime/route/request_route.h"
#include "tests/small_release.h"

namespace rel {
namespace {

// small_release() with two routes, an audience, and its first stage as waves over the region:
//   route baseline when cookie("pin") == "b"
//   route candidate when header("X-In") == "1" and header("X-Team") != "guests"
//   where header("X-Tier") == "beta"
//   waves 50% by region "eu" for 2s, "us" and other for 2s
Plan routed_release(uint32_t share = 500'000) {
  Plan plan = test::small_release();
  const auto text = [&](const char* word) { return test::add_text(plan, word); };
  plan.request_slots = {{RequestPart::cookie, {}, text("pin")},
                        {RequestPart::header, {}, text("X-In")},
                        {RequestPart::header, {}, text("X-Team")},
                        {RequestPart::header, {}, text("X-Tier")}};
  plan.request_terms = {{RequestSlotId{0}, text("b"), 0},
                        {RequestSlotId{1}, text("1"), 0},
                        {RequestSlotId{2}, text("guests"), 1},
                        {RequestSlotId{3}, text("beta"), 0}};
  plan.forced_routes = {{.target = RouteTarget::baseline, .terms = {0, 1}, .text = text("r0")},
                        {.target = RouteTarget::candidate, .terms = {1, 2}, .text = text("r1")}};
  plan.audience = {3, 1};
  plan.stages[0].kind = StageKind::waves;
  plan.steps[0].share_millionths = plan.steps[1].share_millionths = share;
  plan.wave_stages = {{StageId{0}, SegmentId{0}, {0, 2}}};
  plan.wave_reaches = {0b001, 0b111};
  return plan;
}

TEST_CASE("a routed plan is verified, saved and printed") {
  const Plan plan = routed_release();
  REQUIRE(verify_plan(plan));
  const auto loaded = load_plan(save_plan(plan));
  REQUIRE(loaded);
  CHECK(print_plan(*loaded) == print_plan(plan));
  const std::string text = print_plan(plan);
  const char* facts[] = {
      "route 0 baseline when cookie(\"pin\") == \"b\"",
      "route 1 candidate when header(\"X-In\") == \"1\" and header(\"X-Team\") != \"guests\"",
      "where header(\"X-Tier\") == \"beta\"", "wave 0 of stage 0: region \"eu\"",
      "wave 1 of stage 0: region \"eu\" and \"us\" and other"};
  for (const char* fact : facts) {
    CAPTURE(fact);
    CHECK(text.find(fact) != std::string::npos);
  }
}

TEST_CASE("routing tables that do not fit are refused") {
  const auto refused = [](auto change) {
    Plan plan = routed_release();
    change(plan);
    return !verify_plan(plan);
  };
  CHECK(refused([](Plan& p) { p.request_slots[0].name = {}; }));
  CHECK(refused([](Plan& p) { p.request_terms[0].slot = RequestSlotId{9}; }));
  CHECK(refused([](Plan& p) { p.request_terms[0].negated = 2; }));
  CHECK(refused([](Plan& p) { p.forced_routes[0].target = RouteTarget::outside; }));
  CHECK(refused([](Plan& p) { p.forced_routes[1].terms.first = 0; }));
  CHECK(refused([](Plan& p) { p.audience.count = 0; }));
  CHECK(refused([](Plan& p) { p.wave_reaches[1] = 0b110; }));      // takes "eu" away
  CHECK(refused([](Plan& p) { p.wave_reaches[1] = 0b001; }));      // adds nothing
  CHECK(refused([](Plan& p) { p.wave_reaches[1] = 0b1111; }));     // beyond `other`
  CHECK(refused([](Plan& p) { p.wave_stages[0].segment = SegmentId{4}; }));
  CHECK(refused([](Plan& p) { p.wave_stages.clear(); }));
  CHECK(refused([](Plan& p) { p.stages[0].kind = StageKind::steps; }));
  CHECK(refused([](Plan& p) { p.set = StringId{0}; }));
}

TEST_CASE("the first route that applies decides, then the audience") {
  const Plan plan = routed_release();
  const auto target = [&](std::string_view pin, std::string_view in, std::string_view team,
                          std::string_view tier) {
    const std::string_view values[] = {pin, in, team, tier};
    return target_of(plan, values);
  };
  CHECK(target("b", "1", "", "beta") == RouteTarget::baseline);
  CHECK(target("", "1", "", "") == RouteTarget::candidate);
  CHECK(target("", "1", "guests", "beta") == RouteTarget::none);
  CHECK(target("", "0", "", "beta") == RouteTarget::none);
  CHECK(target("", "", "", "gold") == RouteTarget::outside);
  CHECK(target("", "", "", "") == RouteTarget::outside);
  CHECK(target_of(plan, {}) == RouteTarget::outside);  // a host that hands over nothing
  CHECK(target_of(test::small_release(), {}) == RouteTarget::none);
}

struct Fixture {
  explicit Fixture(uint32_t share = 500'000) : plan(routed_release(share)) {}
  Plan plan;
  test::FreshMemory memory{Runtime::shared_size(plan)};
  std::unique_ptr<Runtime> runtime = std::move(*Runtime::open(plan, {}, memory.span()));
  RouteBlock& block = reinterpret_cast<SharedState*>(memory.span().data())->route;

  void publish(const Route& route) {
    block.step_word.store(pack_step(route));
    block.route_word.store(pack_route(route));
  }
  RoutedRequest ask(std::string_view key, uint8_t region,
                    RouteTarget target = RouteTarget::none) const {
    const uint8_t segments[] = {region};
    return runtime->route({.key = key, .target = target, .segments = segments}, 1);
  }
};

TEST_CASE("forced requests get the candidate where somebody does, and are never evidence") {
  Fixture f;
  const auto forced = [&] { return f.ask("", 0, RouteTarget::candidate); };
  CHECK_FALSE(forced().route.candidate);  // not begun
  f.publish({0, 1'000'000, StageId{0}, 0, 0});
  CHECK_FALSE(forced().route.candidate);  // a stage that only mirrors
  CHECK_FALSE(forced().route.mirror);
  f.publish({1, 0, StageId{1}, 0, 0});
  CHECK(forced().route.candidate);
  CHECK(forced().population == Population::forced);
  CHECK_FALSE(f.ask("u", 0, RouteTarget::baseline).route.candidate);
  f.block.rollback_word.store(pack_rollback(1, 0, 0));
  CHECK_FALSE(forced().route.candidate);  // went back
  CHECK_FALSE(forced().targeted);
}

TEST_CASE("outside the audience the share is nobody's") {
  Fixture f;
  f.publish({1'000'000, 0, StageId{1}, 0, 0});
  const RoutedRequest out = f.ask("u", 0, RouteTarget::outside);
  CHECK_FALSE(out.route.candidate);
  CHECK(out.route.share_millionths == 0);
  CHECK(out.population == Population::outside);
}

TEST_CASE("a wave takes its share from the values it has reached") {
  Fixture f;
  int candidates[3] = {};
  for (const uint32_t step : {0u, 1u}) {
    f.publish({500'000, 0, StageId{0}, 0, step});
    for (int i = 0; i < 200; ++i) {
      const std::string key = "user-" + std::to_string(i);
      const bool in_half = bucket_of(key, f.plan.salt) < 500'000;
      for (const uint8_t region : {0, 1, 2}) {
        const RoutedRequest routed = f.ask(key, region);
        const bool reached = region == 0 || step == 1;
        REQUIRE((routed.route.candidate != 0) == (reached && in_half));
        // In a wave of a share those who wait are no baseline to compare with.
        REQUIRE(routed.population == (reached ? Population::enrolled : Population::outside));
        candidates[region] += routed.route.candidate;
      }
    }
  }
  CHECK(candidates[0] > 100);
  CHECK(candidates[1] == candidates[2]);
}

TEST_CASE("a wave of everybody leaves the others as a baseline") {
  Fixture f(1'000'000);
  f.publish({1'000'000, 0, StageId{0}, 0, 0});
  CHECK(f.ask("u", 0).route.candidate);
  CHECK(f.ask("u", 0).targeted);
  CHECK_FALSE(f.ask("u", 1).route.candidate);
  CHECK(f.ask("u", 1).population == Population::enrolled);
  CHECK_FALSE(f.ask("u", 200).route.candidate);  // a value outside the set is `other`
  CHECK_FALSE(f.runtime->route({.key = "u", .target = {}, .segments = {}}, 1).route.candidate);
}

TEST_CASE("a reader between the two words of a stage's beginning gives the baseline") {
  Fixture f(1'000'000);
  f.publish({100'000, 0, StageId{1}, 0, 0});
  f.block.route_word.store(pack_route({1'000'000, 0, StageId{0}, 0, 0}));
  CHECK_FALSE(f.ask("u", 0).route.candidate);
  f.block.step_word.store(pack_step({1'000'000, 0, StageId{0}, 0, 0}));
  CHECK(f.ask("u", 0).route.candidate);
  f.block.step_word.store(pack_step({1'000'000, 0, StageId{0}, 7, 0}));  // of another epoch
  CHECK_FALSE(f.ask("u", 0).route.candidate);
}

TEST_CASE("what was left out is counted, and nothing else of it") {
  Fixture f;
  const uint32_t shard = *f.runtime->claim_shard(1);
  Observation one = test::request(LaneArm::candidate_live, 0, 0.05, 1);
  one.population = Population::forced;
  f.runtime->observe(shard, one);
  one.population = Population::outside;
  f.runtime->observe(shard, one);
  f.runtime->observe(shard, one);
  const Runtime::Counters counters = f.runtime->counters();
  CHECK(counters.requests_forced == 1);
  CHECK(counters.requests_outside == 2);
  CHECK(counters.requests_candidate == 0);
  CHECK(counters.observed == 0);
}

}  // namespace
}  // namespace rel
