// The declarations of a file, from parse tree to Ast: part of the one translation unit that knows
// ANTLR (parse.cpp). Input and output as in parse_tree.h.
#pragma once

#include "compiler/syntax/parse_actions.h"

namespace rel::syntax {

class FileReader : private ActionReader {
 public:
  using ActionReader::ActionReader;

  void read(P::FileContext* context) {
    for (P::DeclarationContext* each : context->declaration()) declaration(each);
  }

 private:
  void declaration(P::DeclarationContext* context) {
    if (auto* release = context->release(); release && !is_broken(release->releaseHead())) {
      file_.releases.push_back(read_release(release));
    } else if (auto* model = context->model(); model && !is_broken(model->modelHead())) {
      file_.models.push_back(read_model(model));
    } else if (auto* policy = context->policy(); policy && !is_broken(policy->policyHead())) {
      file_.policies.push_back(read_policy(policy));
    } else if (auto* test = context->test()) {
      if (!is_broken(test->testHead())) file_.tests.push_back(read_test(test));
    } else if (is_broken(context)) {
      leave_out(context);
    } else if (auto* import = context->importing()) {
      file_.imports.push_back(read_import(import));
    } else if (auto* metric = context->metric()) {
      file_.metrics.push_back(read_metric(metric));
    } else if (auto* segment = context->segment()) {
      read_segment(segment);
    } else if (auto* guard = context->guard()) {
      file_.guards.push_back(read_guard(guard));
    } else if (auto* strategy = context->strategyDefinition()) {
      file_.strategies.push_back(read_strategy_definition(strategy));
    } else if (auto* set = context->releaseSet()) {
      file_.sets.push_back(read_set(set));
    }
  }

  // The second word of a declaration is its name, however much of the rest is wrong.
  void leave_out(P::DeclarationContext* context) {
    const auto first =
        std::find_if(layout_.tokens.begin(), layout_.tokens.end(), [&](const Token& token) {
          return token.role != TokenRole::begin && token.offset >= span(context->start).offset;
        });
    if (layout_.tokens.end() - first < 2) return;
    const Token& second = *(first + 1);
    if (second.role == TokenRole::plain && second.kind <= P::WORD) {
      const Span place{file_.id, second.offset, second.length};
      file_.left_out.push_back(ast::Name{std::string(sources_.text(place)), place});
    } else {
      file_.incomplete = true;
    }
  }

  ast::Import read_import(P::ImportingContext* context) {
    ast::Import made;
    made.span = span(context);
    for (P::NameContext* each : context->name()) made.path.push_back(name(each));
    if (context->STRING() != nullptr) made.file = string(context->STRING());
    return made;
  }

  ast::Model read_model(P::ModelContext* context) {
    ast::Model made;
    made.name = name(context->modelHead()->name());
    made.span = span(context);
    made.doc = doc(context);
    if (auto* block = context->modelBlock()) {
      for (P::ModelStatementContext* statement : block->modelStatement()) {
        if (auto* expected = statement->expected())
          once(made.expected, read_expected(expected), span(expected));
        P::NeedContext* need = statement->need();
        if (need != nullptr && !is_broken(need)) made.needs.push_back(read_need(need));
        P::ServesContext* serves = statement->serves();
        if (serves != nullptr && !is_broken(serves)) {
          once(made.serves, ast::Serves{string(serves->STRING()), span(serves)}, span(serves));
        }
        P::ReferenceContext* each = statement->reference();
        if (each == nullptr || is_broken(each)) continue;
        ast::Reference reference;
        reference.scheme = name(each->name());
        reference.argument = string(each->STRING());
        reference.span = span(each);
        once(each->BASELINE() != nullptr ? made.baseline : made.candidate, std::move(reference),
             span(each));
      }
    }
    made.incomplete = is_broken(context);
    return made;
  }

  ast::Need read_need(P::NeedContext* context) {
    ast::Need made;
    made.kind = name(context->name());
    made.name = string(context->STRING(0));
    made.version = string(context->STRING(1));
    made.span = span(context);
    if (context->BESIDE() != nullptr) made.beside = string(context->STRING(2));
    if (context->REPLACES() != nullptr) made.replaces = string(context->STRING(2));
    return made;
  }

  ast::Metric read_metric(P::MetricContext* context) {
    ast::Metric made;
    made.name = name(context->name(0));
    made.kind = name(context->name(1));
    made.span = span(context);
    made.doc = doc(context);
    if (context->IN() != nullptr) made.kind_unit = name(context->name(2));
    if (context->PER() != nullptr) made.unit_of_analysis = name(context->name().back());
    if (context->WITHIN() != nullptr) made.within = quantity(context->QUANTITY());
    std::optional<Span> source;
    for (P::MetricClauseContext* each : context->metricClause()) {
      if (each->ABSENT() != nullptr) {
        once(made.absent, name(each->name()), span(each));
        continue;
      }
      if (each->metricSource() == nullptr) {
        once(made.direction, name(each->LOWER() != nullptr ? each->LOWER() : each->HIGHER()),
             span(each));
        continue;
      }
      const Span place = span(each);
      once(source, place, place, source.value_or(place));
      if (*source == place) read_source(each->metricSource(), made);
    }
    return made;
  }

  void read_source(P::MetricSourceContext* context, ast::Metric& metric) {
    metric.source_span = span(context);
    if (context->DURATION() != nullptr) {
      metric.source = ast::MetricSourceKind::duration;
    } else if (context->STATUS() != nullptr) {
      metric.source = ast::MetricSourceKind::status;
      metric.status_first = quantity(context->QUANTITY(0));
      metric.status_last = quantity(context->QUANTITY(1));
    } else if (context->ANSWER() != nullptr) {
      metric.source = ast::MetricSourceKind::no_answer;
    } else {
      metric.source = ast::MetricSourceKind::response_header;
      metric.header = string(context->STRING());
    }
  }

  void read_segment(P::SegmentContext* context) {
    ast::Segment made;
    made.name = name(context->name());
    made.span = span(context);
    const auto lines = context->segmentBlock()->segmentValues();
    for (P::SegmentValuesContext* line : lines) {
      if (line != lines.front()) {
        diagnostics_.report(Code::unexpected_token, span(line), "expected `,` before this value")
            .with_help("values stand with commas between them: `{ \"eu\", \"us\" }`");
        file_.left_out.push_back(made.name);
        return;
      }
      made.values = strings(line->STRING());
    }
    file_.segments.push_back(std::move(made));
  }

  ast::Guard read_guard(P::GuardContext* context) {
    ast::Guard made;
    made.kind = context->GATE() != nullptr      ? ast::DefinitionKind::gate
                : context->MEASURE() != nullptr ? ast::DefinitionKind::measure
                                                : ast::DefinitionKind::guard;
    made.name = name(context->name());
    made.span = span(context);
    made.doc = doc(context);
    made.parameters = parameters(context->parameters());
    made.condition = condition(context->condition());
    return made;
  }

  ast::Strategy read_strategy_definition(P::StrategyDefinitionContext* context) {
    ast::Strategy made;
    P::StrategyHeadContext* head = context->strategyHead();
    made.name = name(head->WORD());
    made.span = span(context);
    made.doc = doc(context);
    made.parameters = parameters(head->parameters());
    made.body.name = made.name;
    made.body.span = made.span;
    read_strategy(head->strategy(), made.body);
    if (auto* block = context->stageBlock())
      for (P::StageStatementContext* each : block->stageStatement())
        stage_statement(each, made.body);
    return made;
  }

  // ---- release

  ast::Release read_release(P::ReleaseContext* context) {
    ast::Release made;
    made.name = name(context->releaseHead()->name(0));
    made.model = name(context->releaseHead()->name(1));
    if (context->releaseHead()->EXTENDS() != nullptr)
      made.extends = name(context->releaseHead()->name(2));
    made.span = span(context);
    made.doc = doc(context);
    if (auto* block = context->releaseBlock())
      for (P::ReleaseStatementContext* each : block->releaseStatement())
        release_statement(each, made);
    made.incomplete = is_broken(context);
    return made;
  }

  // What a base policy may say is what a release can be held to; its stages are the team's.
  static bool is_for_policy(size_t token) {
    return token == P::OWNER || token == P::PANE || token == P::UNKNOWN || token == P::ROLLBACK ||
           token == P::HOLD || token == P::ALERT;
  }

  ast::Release read_policy(P::PolicyContext* context) {
    ast::Release made;
    made.name = name(context->policyHead()->name());
    made.span = span(context);
    made.doc = doc(context);
    if (auto* block = context->releaseBlock()) {
      for (P::ReleaseStatementContext* each : block->releaseStatement()) {
        const Span first = span(each->start);
        if (is_for_policy(each->start->getType()) || is_broken(each))
          release_statement(each, made);
        else
          diagnostics_
              .report(Code::misplaced_statement, first,
                      "`" + std::string(sources_.text(first)) +
                          "` is not a statement of a base policy")
              .with_help("a base policy says what `unknown` does, its triggers and the way back; "
                         "the rest is said by the releases that extend it");
      }
    }
    made.incomplete = is_broken(context);
    return made;
  }

  void release_statement(P::ReleaseStatementContext* context, ast::Release& release) {
    if (auto* unknown = context->unknown()) {
      once(release.unknown, this->unknown(unknown), span(unknown));
    } else if (auto* require = context->require()) {
      once(release.require, read_require(require), span(require));
    } else if (auto* stage = context->stage()) {
      if (!is_broken(stage->stageHead())) release.stages.push_back(read_stage(stage));
    } else if (auto* body = context->rollbackBody()) {
      once(release.rollback, read_rollback(body, span(context)), span(context));
    } else if (is_broken(context)) {
      return;
    } else if (context->OWNER() != nullptr) {
      once(release.owner, string(context->STRING()), span(context));
    } else if (context->PANE() != nullptr) {
      once(release.pane, quantity(context->QUANTITY()), span(context));
    } else if (context->FALSE_ROLLBACK() != nullptr) {
      once(release.false_rollback, quantity(context->QUANTITY()), span(context));
    } else if (context->condition() != nullptr) {
      release.triggers.push_back(trigger(context, context->label(), context->condition()));
    } else if (context->increase() != nullptr) {
      release.increases.push_back(read_increase(context->increase()));
    } else if (context->OBSERVE() != nullptr) {
      once(release.observe_only, span(context), span(context),
           release.observe_only.value_or(span(context)));
    } else if (context->WHERE() != nullptr) {
      once(release.audience, ast::Audience{match(context->requestMatch()), span(context)},
           span(context));
    } else if (context->STICKY() != nullptr) {
      once(release.sticky_by, name(context->name()), span(context));
    } else if (context->requestMatch() != nullptr) {
      release.routes.push_back(ast::ForcedRoute{context->CANDIDATE() != nullptr,
                                                match(context->requestMatch()), span(context)});
    }
  }

  ast::RequestMatch match(P::RequestMatchContext* context) {
    ast::RequestMatch made;
    made.span = span(context);
    for (P::RequestTermContext* each : context->requestTerm()) {
      ast::RequestTerm term;
      term.is_cookie = each->COOKIE() != nullptr;
      term.is_negated = each->NOT_EQUAL() != nullptr;
      term.name = string(each->STRING(0));
      term.value = string(each->STRING(1));
      term.span = span(each);
      made.terms.push_back(std::move(term));
    }
    return made;
  }

  ast::Increase read_increase(P::IncreaseContext* context) {
    ast::Increase made;
    made.span = span(context);
    const size_t except =
        context->EXCEPT() == nullptr ? SIZE_MAX : context->EXCEPT()->getSymbol()->getTokenIndex();
    for (antlr4::tree::TerminalNode* each : context->STRING()) {
      const bool allows = each->getSymbol()->getTokenIndex() < except;
      (allows ? made.allowed : made.excepted).push_back(string(each));
    }
    return made;
  }

  ast::ReleaseSet read_set(P::ReleaseSetContext* context) {
    ast::ReleaseSet made;
    made.name = name(context->name(0));
    made.span = span(context);
    for (size_t at = 1; at < context->name().size(); ++at) {
      made.members.push_back(name(context->name(at)));
    }
    return made;
  }

  ast::Trigger trigger(ParserRuleContext* statement, P::LabelContext* named,
                       P::ConditionContext* when) {
    ast::Trigger made;
    if (named != nullptr) made.name = name(named);
    made.verb = trigger_verb(statement->start->getType());
    made.when = condition(when);
    made.span = span(statement);
    return made;
  }

  static ast::TriggerVerb trigger_verb(size_t token) {
    switch (token) {
      case P::ROLLBACK:
        return ast::TriggerVerb::rollback;
      case P::HOLD:
        return ast::TriggerVerb::hold;
      case P::ALERT:
        return ast::TriggerVerb::alert;
      case P::PROMOTE:
        return ast::TriggerVerb::promote;
      case P::SMOKE:
        return ast::TriggerVerb::smoke;
      default:  // rel: open set (ANTLR's tokens are numbers): STEP
        return ast::TriggerVerb::step;
    }
  }

  ast::Stage read_stage(P::StageContext* context) {
    ast::Stage made;
    made.name = name(context->stageHead()->name(0));
    made.span = span(context);
    read_strategy(context->stageHead()->strategy(), made);
    if (context->stageHead()->STICKY() != nullptr) {
      made.sticky_by = name(context->stageHead()->name(1));
    }
    if (auto* block = context->stageBlock())
      for (P::StageStatementContext* each : block->stageStatement())
        if (each->unknown() != nullptr || !is_broken(each)) stage_statement(each, made);
    made.incomplete = is_broken(context);
    return made;
  }

  void read_strategy(P::StrategyContext* context, ast::Stage& stage) {
    stage.strategy_span = span(context);
    if (context->WORD() != nullptr) {
      ast::Expr& use = stage.use.emplace();
      use.kind = ast::ExprKind::call;
      use.span = use.operator_span = stage.strategy_span;
      use.name = name(context->WORD());
      if (context->arguments() != nullptr) use.arguments = arguments(context->arguments());
      return;
    }
    if (context->STEPS() != nullptr) {
      stage.kind = ast::StageKind::steps;
      for (P::StepContext* each : context->step()) {
        ast::Step step{quantity(each->QUANTITY(0)), std::nullopt, span(each)};
        if (each->FOR() != nullptr) step.duration = quantity(each->QUANTITY(1));
        stage.steps.push_back(std::move(step));
      }
      return;
    }
    if (context->WAVES() != nullptr) return read_waves(context, stage);
    if (read_other_strategy(context, stage)) return;
    stage.kind = context->MIRROR() != nullptr  ? ast::StageKind::mirror
                 : context->SPLIT() != nullptr ? ast::StageKind::split
                                               : ast::StageKind::share;
    stage.steps.push_back(
        ast::Step{quantity(context->QUANTITY(0)), std::nullopt, span(context->QUANTITY(0))});
    if (context->HOLDBACK() != nullptr) stage.holdback = quantity(context->QUANTITY(1));
  }

  // Strategies whose steps are worked out by sema.
  bool read_other_strategy(P::StrategyContext* context, ast::Stage& stage) const {
    if (context->LINEAR() != nullptr) {
      stage.kind = ast::StageKind::linear;
      stage.ramp = ast::Ramp{quantity(context->QUANTITY(0)), quantity(context->QUANTITY(1)),
                             quantity(context->QUANTITY(2)), quantity(context->QUANTITY(3))};
    } else if (context->WEIGHTS() != nullptr) {
      stage.kind = ast::StageKind::weights;
      stage.weights =
          ast::Weights{quantity(context->QUANTITY(0)), quantity(context->QUANTITY(1))};
    } else if (context->BLUE_GREEN() != nullptr) {
      stage.kind = ast::StageKind::blue_green;
      const bool mirrors = context->MIRROR() != nullptr;
      if (mirrors) stage.mirror = quantity(context->QUANTITY(0));
      if (context->HOLDBACK() != nullptr) {
        stage.holdback = quantity(context->QUANTITY(mirrors ? 1 : 0));
      }
    } else {
      return false;
    }
    return true;
  }

  void read_waves(P::StrategyContext* context, ast::Stage& stage) {
    stage.kind = ast::StageKind::waves;
    stage.wave_segment = name(context->name());
    if (TerminalNode* share = context->QUANTITY(0)) {
      stage.steps.push_back(ast::Step{quantity(share), std::nullopt, span(share)});
    }
    for (P::WaveContext* each : context->wave()) {
      ast::Wave wave;
      wave.span = span(each);
      for (P::WaveValueContext* value : each->waveValue()) {
        if (value->STRING() != nullptr) wave.values.push_back(string(value->STRING()));
        else once(wave.other, span(value), span(value), wave.other.value_or(span(value)));
      }
      if (each->QUANTITY() != nullptr) wave.duration = quantity(each->QUANTITY());
      stage.waves.push_back(std::move(wave));
    }
  }

  void stage_statement(P::StageStatementContext* context, ast::Stage& stage) {
    const Span place = span(context);
    if (auto* unknown = context->unknown())
      once(stage.unknown, this->unknown(unknown), place);
    else if (context->condition() != nullptr)
      stage.triggers.push_back(trigger(context, context->label(), context->condition()));
    else if (context->increase() != nullptr)
      stage.increases.push_back(read_increase(context->increase()));
    else if (context->UNTIL() != nullptr)
      once(stage.step_samples, quantity(context->QUANTITY()), place);
    else if (context->WATCH() != nullptr)
      once(stage.watch, quantity(context->QUANTITY()), place);
    else if (context->KEEP() != nullptr)
      once(stage.keep_warm, quantity(context->QUANTITY()), place);
    else if (context->SOAK() != nullptr)
      once(stage.soak, quantity(context->QUANTITY()), place);
    else if (context->means() != nullptr)
      stage.hooks.push_back(read_hook(context));
    else if (context->people() != nullptr)
      stage.reviews.push_back(read_people(context->people()));
    else if (context->LEAST() != nullptr)
      once(stage.at_least, quantity(context->QUANTITY()), place);
    else if (context->MOST() != nullptr)
      once(stage.at_most, quantity(context->QUANTITY()), place);
    else
      once(stage.otherwise, read_otherwise(context), place);
  }

  ast::Otherwise read_otherwise(P::StageStatementContext* context) {
    ast::Otherwise made;
    made.span = span(context);
    made.verb = context->WITHDRAW() != nullptr   ? ast::OtherwiseVerb::withdraw
                : context->ROLLBACK() != nullptr ? ast::OtherwiseVerb::rollback
                                                 : ast::OtherwiseVerb::hold;
    if (context->STRING() != nullptr) made.reason = string(context->STRING());
    return made;
  }
};

}  // namespace rel::syntax
