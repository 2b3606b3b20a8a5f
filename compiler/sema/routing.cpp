#include "compiler/sema/routing.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/base/limits.h"

namespace rel::sema {

namespace {

constexpr uint32_t million = 1'000'000;

// A name of a header or cookie (RFC 9110 token, without what a gateway's variable cannot name).
bool is_part_name(std::string_view name) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return !name.empty() && name.find_first_not_of(letters) == std::string_view::npos;
}

std::vector<TypedTerm> check_match(const Context& context, const ast::RequestMatch& match) {
  std::vector<TypedTerm> terms;
  for (const ast::RequestTerm& term : match.terms) {
    const std::string_view what = term.is_cookie ? "cookie" : "header";
    if (!is_part_name(term.name.value)) {
      context.diagnostics
          .report(Code::bad_request_part, term.name.span,
                  fmt::format("this is not the name of a {}", what))
          .with_help(fmt::format("names of {}s are letters, digits, `-` and `_`", what));
      continue;
    }
    if (term.value.value.empty()) {
      context.diagnostics
          .report(Code::bad_request_part, term.value.span,
                  fmt::format("a {} cannot be told from one that is empty", what))
          .primary("no value")
          .with_help(fmt::format("compare with a value: `{}(\"{}\") == \"1\"`", what,
                                 term.name.value));
      continue;
    }
    terms.push_back({term.is_cookie ? RequestPart::cookie : RequestPart::header, term.name.value,
                     term.value.value, term.is_negated});
  }
  return terms;
}

// The key that decides is one for the whole release: what it is called may be said anywhere, once.
void read_sticky(const Context& context, const ast::Name& name, const ast::Name*& first,
                 TypedRelease& typed) {
  if (first == nullptr) {
    first = &name;
    typed.sticky_by = name.text;
    return;
  }
  if (first->text == name.text) return;
  context.diagnostics
      .report(Code::sticky_twice, name.span,
              fmt::format("the release `{}` is sticky by `{}` and by `{}`", typed.name,
                          first->text, name.text))
      .label(first->span, "first said here")
      .with_help("one key decides for the whole release: name it once");
}

// Bits of the values that are in none of the waves before.
uint64_t check_wave(const Context& context, const ast::Wave& wave, const TypedSegment& segment,
                    uint64_t reached) {
  uint64_t reach = 0;
  const auto add = [&](uint32_t bit, Span span, std::string_view text) {
    if (((reached | reach) >> bit & 1) != 0) {
      context.diagnostics.report(Code::bad_waves, span,
                                 fmt::format("{} is in two waves", text))
          .with_help("each value joins once, and stays");
    }
    reach |= uint64_t{1} << bit;
  };
  for (const ast::String& value : wave.values) {
    const auto known = std::find(segment.values.begin(), segment.values.end(), value.value);
    if (known == segment.values.end()) {
      context.diagnostics
          .report(Code::bad_waves, value.span,
                  fmt::format("`{}` is not a value of `{}`", value.value, segment.name))
          .label(segment.name_span, "its values are declared here")
          .with_help("requests of any other value are `other`");
      continue;
    }
    add(static_cast<uint32_t>(known - segment.values.begin()), value.span,
        fmt::format("`{}`", value.value));
  }
  if (wave.other) add(static_cast<uint32_t>(segment.values.size()), *wave.other, "`other`");
  return reach & ~reached;
}

void read_wave_time(const Context& context, const ast::Stage& stage, const ast::Wave& wave,
                    TypedStep& step) {
  if (wave.duration) {
    if (const auto time = read_time(context, *wave.duration, "the time of a wave")) {
      step.duration = *time;
    }
  } else if (&wave != &stage.waves.back()) {
    context.diagnostics.report(Code::step_without_time, wave.span, "this wave has no time")
        .with_help(fmt::format("say how long it soaks: `{} for 1h`",
                               context.sources.text(wave.span)));
  }
}

}  // namespace

void check_routing(const Context& context, const ast::Release& release, TypedRelease& typed) {
  size_t count = 0;
  for (const ast::ForcedRoute& route : release.routes) {
    count += route.when.terms.size();
    typed.routes.push_back({route.to_candidate ? RouteTarget::candidate : RouteTarget::baseline,
                            check_match(context, route.when), route.span});
  }
  if (typed.routes.size() > limits::forced_routes_max) {
    context.diagnostics
        .report(Code::too_many, release.routes[limits::forced_routes_max].span,
                fmt::format("there are more than {} forced routes", limits::forced_routes_max))
        .with_help("send those who test by one header that the edge sets");
  }
  if (release.audience) {
    count += release.audience->match.terms.size();
    typed.audience = check_match(context, release.audience->match);
  }
  if (count > limits::request_terms_max) {
    context.diagnostics
        .report(Code::too_many, release.name.span,
                fmt::format("its routes make more than {} comparisons", limits::request_terms_max))
        .with_help("let the edge set one header for what they have in common");
  }
  const ast::Name* first = nullptr;
  if (release.sticky_by) read_sticky(context, *release.sticky_by, first, typed);
  for (const ast::Stage& stage : release.stages) {
    if (stage.sticky_by) read_sticky(context, *stage.sticky_by, first, typed);
  }
}

void check_waves(const Context& context, const ast::Stage& stage, TypedStage& typed) {
  Share share{million, stage.wave_segment->span};
  if (!stage.steps.empty()) {
    if (const auto read = read_share(context, stage.steps[0].share, "the share of a wave")) {
      share = *read;
    }
  }
  typed.wave_segment = find_segment(context.policy, stage.wave_segment->text);
  if (!typed.wave_segment && context.is_news(stage.wave_segment->text)) {
    report_unknown(context.diagnostics, Code::unknown_name, "segment", *stage.wave_segment,
                   names_of(context.scope.segments));
  }
  uint64_t reached = 0;
  for (const ast::Wave& wave : stage.waves) {
    TypedStep step{.share = share, .duration = {}, .reach = 0};
    if (typed.wave_segment) {
      const TypedSegment& segment = context.policy.segments[*typed.wave_segment];
      if (segment.values.size() <= limits::segment_values_max) {
        reached |= check_wave(context, wave, segment, reached);
      }
    }
    step.reach = reached;
    read_wave_time(context, stage, wave, step);
    typed.steps.push_back(step);
  }
}

// ---- sets

namespace {

const TypedRelease* find_release(const TypedPolicy& policy, std::string_view name) {
  for (const TypedRelease& release : policy.releases) {
    if (release.name == name) return &release;
  }
  return nullptr;
}

Diagnostic& refuse_set(const Context& context, Span span, std::string message) {
  return context.diagnostics.report(Code::bad_set, span, std::move(message));
}

// Two members go on step by step together, so they have the same steps.
bool is_pair(const Context& context, const ast::Name& name, const TypedRelease& first,
                const TypedRelease& other) {
  if (first.model == other.model) {
    refuse_set(context, name.span,
               fmt::format("`{}` and `{}` release the same model", first.name, other.name))
        .label(first.name_span, "one candidate of it")
        .label(other.name_span, "another")
        .with_help("a model has one candidate at a time; a set is of different models");
    return false;
  }
  const bool same_shape = std::equal(
      first.stages.begin(), first.stages.end(), other.stages.begin(), other.stages.end(),
      [](const TypedStage& a, const TypedStage& b) { return a.steps.size() == b.steps.size(); });
  if (same_shape) return true;
  refuse_set(context, name.span,
             fmt::format("`{}` and `{}` do not have the same steps", first.name, other.name))
      .label(first.name_span, fmt::format("{} stages", first.stages.size()))
      .label(other.name_span, fmt::format("{} stages", other.stages.size()))
      .with_note("members advance together: each step of one waits for that step of the others")
      .with_help("give them stages and steps of the same number; shares and times may differ");
  return false;
}

void check_set(const Context& context, const ast::ReleaseSet& set) {
  std::vector<std::string> members;
  for (const ast::Name& name : set.members) {
    const TypedRelease* release = find_release(context.policy, name.text);
    if (release == nullptr) {
      std::vector<std::string_view> known;
      for (const TypedRelease& each : context.policy.releases) known.push_back(each.name);
      if (context.is_news(name.text)) {
        report_unknown(context.diagnostics, Code::unknown_name, "release", name, known);
      }
      continue;
    }
    const bool twice = std::find(members.begin(), members.end(), name.text) != members.end();
    if (twice || !release->set.empty()) {
      refuse_set(context, name.span, twice ? fmt::format("`{}` is named twice", name.text)
                                           : fmt::format("`{}` is in two sets", name.text))
          .with_help("a release is a member of one set, once");
      continue;
    }
    const TypedRelease* first =
        members.empty() ? nullptr : find_release(context.policy, members.front());
    if (first == nullptr || is_pair(context, name, *first, *release)) members.push_back(name.text);
  }
  if (set.members.size() < 2 || set.members.size() > limits::set_members_max + 1) {
    refuse_set(context, set.span, fmt::format("a set has two to {} members",
                                              limits::set_members_max + 1))
        .with_help(fmt::format("`set {} of a, b`", set.name.text));
    return;
  }
  if (members.size() != set.members.size()) return;  // reported
  for (TypedRelease& release : context.policy.releases) {
    if (std::find(members.begin(), members.end(), release.name) == members.end()) continue;
    release.set = set.name.text;
    for (const std::string& member : members) {
      if (member != release.name) release.set_members.push_back(member);
    }
  }
}

}  // namespace

void check_sets(const Context& context) {
  for (const ast::ReleaseSet& set : context.root->sets) check_set(context, set);
}

}  // namespace rel::sema
