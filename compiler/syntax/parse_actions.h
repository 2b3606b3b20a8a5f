// What is asked of people and the world, and what is carried out, from parse tree to Ast: the
// checklist, hooks and the way back. Part of the one translation unit that knows ANTLR (parse.cpp).
// Input and output as in parse_tree.h.
#pragma once

#include "compiler/syntax/parse_test.h"

namespace rel::syntax {

class ActionReader : protected TestReader {
 public:
  using TestReader::TestReader;

 protected:
  ast::Require read_require(P::RequireContext* context) {
    ast::Require made;
    made.span = span(context);
    if (auto* block = context->requireBlock()) {
      for (P::PointContext* each : block->point()) {
        if (is_broken(each)) continue;
        P::ProbeContext* probe = each->probe();
        ast::Point point{.name = {}, .probe = {}, .span = span(each)};
        if (each->name() != nullptr) point.name = name(each->name());
        if (probe == nullptr) {
          point.probe = read_world_probe(each->worldProbe());
        } else if (probe->worldProbe() != nullptr) {
          point.probe = read_world_probe(probe->worldProbe());
        } else if (probe->people() != nullptr) {
          point.probe = read_people(probe->people());
        } else if (probe->condition() != nullptr) {
          point.probe = condition(probe->condition());
        } else if (probe->REHEARSED() != nullptr) {
          point.probe = ast::Rehearsed{quantity(probe->QUANTITY())};
        } else {
          ast::ModelCard card{.sections = strings(probe->STRING()), .path = {}};
          card.path = std::move(card.sections.back());
          card.sections.pop_back();
          point.probe = std::move(card);
        }
        made.points.push_back(std::move(point));
      }
    }
    made.incomplete = is_broken(context);
    return made;
  }

  using WorldProbe = decltype(ast::Point::probe);
  WorldProbe read_world_probe(P::WorldProbeContext* context) {
    if (context->HTTP() != nullptr) {
      return ast::HttpGet{string(context->STRING(0)), quantity(context->QUANTITY())};
    }
    if (context->RULE() != nullptr) {
      ast::RuleLoaded made{string(context->STRING(0)), std::nullopt};
      if (context->IN() != nullptr) made.where = string(context->STRING(1));
      return made;
    }
    ast::Delivered made;
    P::ChannelContext* channel = context->channel();
    made.hook.means = {name(channel->name()), {string(channel->STRING())}, span(channel), false};
    made.hook.span = span(context);
    for (P::EffortContext* each : context->effort()) read_effort(each, made.hook);
    return made;
  }

  ast::Hook read_hook(P::StageStatementContext* context) {
    ast::Hook made;
    made.after = context->AFTER() != nullptr;
    made.means = read_means(context->means());
    made.span = span(context);
    for (P::EffortContext* each : context->effort()) read_effort(each, made);
    P::HookFailureContext* failure = context->hookFailure();
    if (failure == nullptr) return made;
    made.otherwise = failure->WITHDRAW() != nullptr   ? ast::HookFailureVerb::withdraw
                     : failure->ROLLBACK() != nullptr ? ast::HookFailureVerb::rollback
                     : failure->CONTINUE() != nullptr ? ast::HookFailureVerb::go_on
                                                      : ast::HookFailureVerb::hold;
    if (failure->STRING() != nullptr) made.reason = string(failure->STRING());
    return made;
  }

  ast::People read_people(P::PeopleContext* context) {
    ast::People made{quantity(context->QUANTITY(0)), string(context->STRING()), std::nullopt,
                     span(context)};
    if (context->WITHIN() != nullptr) made.within = quantity(context->QUANTITY(1));
    return made;
  }

  ast::RollbackBlock read_rollback(P::RollbackBodyContext* context, Span whole) {
    ast::RollbackBlock made;
    made.span = whole;
    for (P::RollbackStatementContext* each : context->rollbackStatement()) {
      if (is_broken(each)) continue;
      const Span place = span(each);
      if (each->ROUTE() != nullptr && each->BASELINE() != nullptr)
        once(made.route_baseline, quantity(each->QUANTITY()), place);
      else if (each->QUARANTINE() != nullptr)
        once(made.quarantine_candidate, place, place, made.quarantine_candidate.value_or(place));
      else if (each->COOLDOWN() != nullptr)
        once(made.cooldown, quantity(each->QUANTITY()), place);
      else
        made.actions.push_back(read_action(each));
    }
    made.incomplete = is_broken(context);
    return made;
  }

  ast::RollbackAction read_action(P::RollbackStatementContext* context) {
    ast::RollbackAction made;
    made.span = span(context);
    for (P::ChannelContext* each : context->channel())
      made.means.push_back({name(each->name()), {string(each->STRING())}, span(each), false});
    if (context->means() != nullptr) made.means.push_back(read_means(context->means()));
    if (context->ROUTE() != nullptr) {
      made.verb = ast::WayBackVerb::route;
    } else if (context->REVERT() != nullptr) {
      made.verb = ast::WayBackVerb::revert;
      made.subject_kind = name(context->name());
      made.subject = string(context->STRING(0));
      made.version = string(context->STRING(1));
    } else if (context->ESCALATE() != nullptr) {
      made.verb = ast::WayBackVerb::escalate;
      made.after = quantity(context->QUANTITY());
    } else if (context->REPORT() != nullptr) {
      made.verb = ast::WayBackVerb::report;
      made.subject = string(context->STRING(0));
      if (context->TEMPLATE() != nullptr) made.layout = string(context->STRING(1));
    }
    for (P::EffortContext* each : context->effort()) read_effort(each, made);
    return made;
  }

  template <typename Action>  // ast::RollbackAction or ast::Hook
  void read_effort(P::EffortContext* context, Action& action) {
    const Span place = span(context);
    if (context->RETRY() != nullptr)
      once(action.retries, quantity(context->QUANTITY()), place);
    else if (context->WITHIN() != nullptr)
      once(action.within, quantity(context->QUANTITY()), place);
    else
      once(action.probe, read_command(context->commandLine()), place,
           action.probe ? action.probe->span : place);
  }

  ast::Means read_means(P::MeansContext* context) {
    if (context->commandLine() != nullptr) return read_command(context->commandLine());
    ast::Means made{name(context->name()), {}, span(context), false};
    if (made.kind.text == "command") {
      const bool text = context->STRING() != nullptr;
      diagnostics_
          .report(Code::unexpected_token, text ? span(context->STRING()) : made.span,
                  "expected `[` after `command`")
          .with_help("a command is a list: `command [\"/usr/bin/logger\", \"went back\"]`");
    }
    if (context->STRING() != nullptr) made.arguments.push_back(string(context->STRING()));
    return made;
  }

  ast::Means read_command(P::CommandLineContext* context) {
    return {name(context->COMMAND()), strings(context->STRING()), span(context), true};
  }
};

}  // namespace rel::syntax
