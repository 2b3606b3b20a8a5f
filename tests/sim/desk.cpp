#include "tests/sim/desk.h"

#include <nlohmann/json.hpp>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/time_text.h"
#include "runtime/host/control_verbs.h"
#include "tests/sim/member.h"
#include "tests/sim/people.h"

namespace rel::sim {
namespace {

using Json = nlohmann::json;

constexpr int patience_ticks = 60;
constexpr int second_visit_ticks = 25;

}  // namespace

Desk::Desk(const Scenario& scenario, Surroundings& around) : around_(around) {
  for (const Ask& ask : scenario.asks) {
    visits_.push_back({ask, fmt::format("order-{}", visits_.size()), ask.tick + patience_ticks});
  }
}

void Desk::open(const std::vector<std::unique_ptr<Member>>& members) {
  for (; !visits_.empty() && visits_.front().ask.tick <= around_.tick; visits_.pop_front()) {
    waiting_.push_back(std::move(visits_.front()));
  }
  std::erase_if(waiting_, [&](Visit& visit) {
    if (visit.ask.tick > around_.tick) return false;
    if (around_.tick > visit.until) {
      ++unheard_;
      return true;
    }
    // What may go forward is said to every member of a set, what goes back to one of them.
    const bool all = visit.ask.verb == Verb::approve || visit.ask.verb == Verb::review;
    const size_t first = all ? 0 : visit.ask.detail % members.size();
    const size_t end = all ? members.size() : first + 1;
    for (size_t i = first; i < end; ++i) {
      if (!hear(visit, *members[i])) return false;
    }
    if (!visit.ask.twice) return true;
    visit.ask.twice = false;
    visit.ask.tick = around_.tick + second_visit_ticks;
    visit.until = visit.ask.tick + patience_ticks;
    return false;
  });
}

std::string Desk::request_of(const Visit& visit, const Member& member, Answered& asked) const {
  const Plan& plan = member.plan();
  const uint64_t detail = visit.ask.detail >> 8;
  Json request = {{"verb", verb_name(visit.ask.verb)},
                  {"release", plan.release},
                  {"key", visit.key},
                  {"why", fmt::format("{} had a reason", people[visit.ask.person].name)}};
  if (visit.ask.stale || detail % 2 == 0) {
    request["epoch"] = member.state().epoch + (visit.ask.stale ? 1 : 0);
  }
  // The members of a set go step by step.
  const bool alone = plan.set_members.empty();
  if (visit.ask.verb == Verb::promote && alone && detail % 3 == 0) {
    request["stage"] = plan.text(plan.stages[detail % plan.stages.size()].name);
  }
  if (visit.ask.verb == Verb::override_trigger) {
    asked.until_ns = around_.now_ns + static_cast<int64_t>(10 + detail % 190) * second_ns;
    request["trigger"] = plan.text(plan.triggers[detail % plan.triggers.size()].name);
    request["until"] = rfc3339_text(asked.until_ns);
  }
  return request.dump();
}

// False: there is nobody to ask.
bool Desk::hear(const Visit& visit, Member& member) {
  if (member.host() == nullptr) return false;
  const size_t verb = static_cast<size_t>(visit.ask.verb);
  Answered asked{.verb = visit.ask.verb,
                 .person = visit.ask.person,
                 .key = visit.key,
                 .stale = visit.ask.stale,
                 .asked_ns = around_.now_ns};
  const std::string request = request_of(visit, member, asked);
  HandOracle& oracle = member.oracle().hands();
  oracle.asks(asked);
  asked.phase = member.state().phase;
  const std::string answer = answer_control(*member.host(), request,
                                            peer_of_person(visit.ask.person), around_.time());
  const Json parsed = Json::parse(answer);
  asked.ok = parsed.at("ok").get<bool>();
  asked.disk_sound = around_.disk_is_sound();
  if (asked.ok) {
    asked.sequence = parsed.at("order").at("sequence").get<uint64_t>();
    asked.accepted = parsed.at("order").at("outcome") == "accepted";
  }
  ++(asked.ok ? obeyed_ : refused_)[verb];
  around_.note(asked.ok);
  around_.log += fmt::format("  tick {}: {} asks to {}: {}\n", around_.tick,
                             people[visit.ask.person].name, verb_name(visit.ask.verb), answer);
  oracle.answered(asked);
  return true;
}

void Desk::add_to(Tally& tally) const {
  for (size_t i = 0; i < verbs; ++i) tally.obeyed[i] += obeyed_[i];
  for (size_t i = 0; i < verbs; ++i) tally.refused[i] += refused_[i];
  tally.unheard += unheard_;
}

}  // namespace rel::sim
