#include "compiler/sema/way_back.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/base/report_sections.h"

namespace rel::sema {
namespace {

using ast::WayBackVerb;

constexpr std::array<std::string_view, 3> subject_words = {"feature", "preprocessing", "alias"};

Diagnostic& bad(const Context& context, Span span, std::string message) {
  return context.diagnostics.report(Code::bad_action, span, std::move(message));
}

}  // namespace

void check_command(const Context& context, const ast::Means& command) {
  if (!command.arguments.empty() && command.arguments[0].value.starts_with('/')) return;
  if (!command.is_list) return;  // reported by the parser
  bad(context, command.span, "a command is named by its absolute path")
      .with_help("no shell and no search path is used: `[\"/usr/bin/logger\", \"...\"]`");
}

void check_url(const Context& context, const ast::String& url, std::string_view what) {
  const std::string& text = url.value;
  const size_t scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  const size_t host_end = std::min(text.find_first_of("/?#", scheme), text.size());
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  });
  if (scheme == 0 || host_end == scheme || !clean) {
    bad(context, url.span, fmt::format("this is not the address of {}", what))
        .with_help("write `\"https://HOST/PATH\"`");
  } else if (text.find('@') < host_end) {
    bad(context, url.span, "a policy never holds a secret")
        .with_help("leave out the user and password; the host's `relc.yaml` names the secret that "
                   "signs webhooks");
  }
}

namespace {

// What a verb can be carried out with.
struct VerbRow {
  WayBackVerb verb;
  ActionPurpose purpose;
  std::array<std::string_view, 5> means;
};
constexpr VerbRow verbs[] = {
    {WayBackVerb::route, ActionPurpose::route, {"haproxy"}},
    {WayBackVerb::revert, ActionPurpose::revert, {"command", "webhook", "mlflow"}},
    {WayBackVerb::notify,
     ActionPurpose::notify,
     {"command", "webhook", "slack", "pagerduty", "alertmanager"}},
    {WayBackVerb::escalate,
     ActionPurpose::escalate,
     {"webhook", "slack", "pagerduty", "alertmanager"}},
    {WayBackVerb::report, ActionPurpose::report, {"report"}},
};

const VerbRow& row_of(WayBackVerb verb) {
  return *std::find_if(std::begin(verbs), std::end(verbs),
                       [verb](const VerbRow& row) { return row.verb == verb; });
}

std::optional<ActionKind> kind_of(const Context& context, const VerbRow& verb,
                                  const ast::Name& word) {
  constexpr std::pair<std::string_view, ActionKind> kinds[] = {
      {"command", ActionKind::command},     {"webhook", ActionKind::webhook},
      {"haproxy", ActionKind::haproxy},     {"mlflow", ActionKind::mlflow_alias},
      {"slack", ActionKind::slack},         {"pagerduty", ActionKind::pagerduty},
      {"alertmanager", ActionKind::alertmanager},
  };
  std::vector<std::string_view> known;
  std::copy_if(verb.means.begin(), verb.means.end(), std::back_inserter(known),
               [](std::string_view each) { return !each.empty(); });
  if (std::find(known.begin(), known.end(), word.text) != known.end()) {
    for (const auto& [name, kind] : kinds) {
      if (name == word.text) return kind;
    }
  }
  if (word.text == "email") {
    context.diagnostics
        .report(Code::not_built, word.span, "notifying by mail is not built in this version")
        .with_note("nothing is ignored: a policy that needs it is refused until it is built")
        .with_help("a `command` can send it: notify by command [\"/usr/bin/mail\", ...]");
    return std::nullopt;
  }
  report_unknown(context.diagnostics, Code::unknown_word, "channel or means", word, known);
  return std::nullopt;
}

void check_means(const Context& context, const ast::RollbackAction& action,
                 const ast::Means& means, TypedAction& typed) {
  for (const ast::String& argument : means.arguments) typed.arguments.push_back(argument.value);
  if (typed.kind == ActionKind::command) return check_command(context, means);
  if (typed.kind == ActionKind::mlflow_alias) {
    if (typed.subject_kind != SubjectKind::alias) {
      bad(context, means.span, "a model registry moves an alias")
          .with_help("write `revert alias \"NAME@ALIAS\" to \"VERSION\" by mlflow`");
    } else if (!means.arguments.empty()) {
      bad(context, means.arguments[0].span, "the registry is named by the host's `relc.yaml`")
          .with_help("write `by mlflow`");
    }
    return;
  }
  const bool named = !means.arguments.empty() && !means.arguments[0].value.empty();
  if (!named) {
    bad(context, means.span, fmt::format("`{}` does not say where to", means.kind.text))
        .with_help(fmt::format("write `{} \"...\"`", means.kind.text));
  } else if (typed.kind == ActionKind::webhook) {
    check_url(context, means.arguments[0], "a webhook");
  }
  // A channel's text is the statement with that channel alone.
  if (action.means.size() > 1) typed.part = means.span;
}

void check_subject(const Context& context, const ast::RollbackAction& action, TypedAction& typed) {
  if (action.verb != WayBackVerb::revert) return;
  typed.subject = action.subject.value;
  typed.version = action.version.value;
  typed.subject_span = action.subject.span;
  typed.version_span = action.version.span;
  const auto word = std::find(subject_words.begin(), subject_words.end(),
                              action.subject_kind.text);
  if (word == subject_words.end()) {
    report_unknown(context.diagnostics, Code::unknown_word, "thing to revert", action.subject_kind,
                   subject_words);
    return;
  }
  typed.subject_kind = static_cast<SubjectKind>(word - subject_words.begin() + 1);
  if (typed.subject.empty() || typed.version.empty()) {
    bad(context, action.span, "a revert names what goes back, and to which version");
    return;
  }
  const size_t at = typed.subject.find('@');
  const bool alias = at != std::string::npos && at > 0 && at + 1 < typed.subject.size();
  if (typed.subject_kind == SubjectKind::alias && !alias) {
    bad(context, action.subject.span, "an alias is named together with its model")
        .with_help("write `\"NAME@ALIAS\"`, such as `\"fraud@champion\"`");
  }
}

void check_effort(const Context& context, const ast::RollbackAction& action, TypedAction& typed) {
  typed.within = Time{within_default_ns, action.span};
  if (action.within) {
    if (const auto time = read_time(context, *action.within, "the time of all tries")) {
      typed.within = *time;
    }
  }
  if (action.retries) {
    if (const auto count = read_count(context, *action.retries, "the number of retries")) {
      typed.retries_max = *count;
    }
  }
  if (action.after) {
    if (const auto time = read_time(context, *action.after, "the time before an escalation")) {
      typed.after = *time;
    }
  }
  if (!action.probe) return;
  if (action.verb != WayBackVerb::revert) {
    context.diagnostics.report(Code::misplaced_clause, action.probe->span,
                               "only a revert is probed by a command of its own");
    return;
  }
  check_command(context, *action.probe);
  for (const ast::String& argument : action.probe->arguments) {
    typed.probe.push_back(argument.value);
  }
}

// The first `{{ name }}` that a report does not have.
std::string unknown_section(std::string_view text) {
  for (size_t open = text.find("{{"); open != std::string_view::npos;
       open = text.find("{{", open + 2)) {
    const size_t close = text.find("}}", open);
    if (close == std::string_view::npos) return std::string(text.substr(open, 20));
    std::string name(text.substr(open + 2, close - open - 2));
    std::erase(name, ' ');
    const bool known = std::find(report_sections.begin(), report_sections.end(), name) !=
                       report_sections.end();
    if (!known) return name.empty() ? "{{ }}" : name;
  }
  return {};
}

// The text is part of the plan: a host needs no other file than its plan.
void read_template(const Context& context, const ast::String& path, TypedAction& typed) {
  const std::filesystem::path folder =
      std::filesystem::path(context.sources.file(path.span.file).path).parent_path();
  const std::string name = (folder / path.value).lexically_normal().string();
  std::error_code failed;
  const bool regular = std::filesystem::is_regular_file(name, failed);
  const auto size = regular ? std::filesystem::file_size(name, failed) : 0;
  std::ifstream file(name, std::ios::binary);
  if (!regular || failed || !file || size == 0 || size > limits::report_template_bytes_max) {
    bad(context, path.span, "this template cannot be read")
        .with_note(fmt::format("`{}` is not a file of 1 to {} bytes", name,
                               limits::report_template_bytes_max))
        .with_help("paths are relative to the policy");
    return;
  }
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (const std::string place = unknown_section(text); !place.empty()) {
    bad(context, path.span, fmt::format("the template names `{}`, which is no section", place))
        .with_help(fmt::format("the sections of a report are {}",
                               fmt::join(report_sections, ", ")));
  }
  typed.arguments.push_back(std::move(text));
}

void check_report(const Context& context, const ast::RollbackAction& action, TypedAction typed,
                  TypedRelease& release) {
  typed.kind = ActionKind::report;
  typed.arguments.push_back(action.subject.value);
  if (action.subject.value.empty()) {
    bad(context, action.span, "the report has no path")
        .with_help("write the file it goes to: `report \"postmortem.md\"`");
  }
  if (action.layout) read_template(context, *action.layout, typed);
  release.actions.push_back(std::move(typed));
}

void check_action(const Context& context, const ast::RollbackAction& action,
                  TypedRelease& release) {
  const VerbRow& verb = row_of(action.verb);
  TypedAction typed;
  typed.span = action.span;
  typed.purpose = verb.purpose;
  check_subject(context, action, typed);
  check_effort(context, action, typed);
  if (action.verb == WayBackVerb::report) return check_report(context, action, typed, release);
  for (const ast::Means& means : action.means) {
    const std::optional<ActionKind> kind = kind_of(context, verb, means.kind);
    if (!kind) continue;
    TypedAction& one = release.actions.emplace_back(typed);
    one.kind = *kind;
    check_means(context, action, means, one);
  }
}

// ---- what the candidate needs

const TypedNeed* find_need(const TypedModel& model, SubjectKind kind, std::string_view name) {
  for (const TypedNeed& need : model.needs) {
    if (need.kind == kind && need.name == name) return &need;
  }
  return nullptr;
}

void check_version(const Context& context, const TypedNeed& need, const TypedAction& revert) {
  const bool changes = revert.version != need.version;
  const bool fits = need.beside.empty() || revert.version == need.beside;
  if (changes && fits) return;
  context.diagnostics
      .report(Code::revert_mismatch, revert.version_span,
              changes ? fmt::format("the baseline reads version {} of `{}`, not {}", need.beside,
                                    need.name, revert.version)
                      : fmt::format("version {} of `{}` is what the candidate reads", need.version,
                                    need.name))
      .label(need.span, "needed here")
      .with_help("revert to the version that the baseline reads");
}

}  // namespace

void check_needs(const Context& context, const ast::Model& model, TypedModel& typed) {
  for (const ast::Need& need : model.needs) {
    const auto last = subject_words.begin() + 2;  // an alias is nothing a model reads
    const auto word = std::find(subject_words.begin(), last, need.kind.text);
    if (word == last) {
      report_unknown(context.diagnostics, Code::unknown_word, "thing a model needs", need.kind,
                     std::span(subject_words).first(2));
      continue;
    }
    TypedNeed made;
    made.kind = static_cast<SubjectKind>(word - subject_words.begin() + 1);
    made.name = need.name.value;
    made.version = need.version.value;
    made.span = need.span;
    if (need.beside) made.beside = need.beside->value;
    if (const TypedNeed* before = find_need(typed, made.kind, made.name)) {
      context.diagnostics
          .report(Code::duplicate_name, need.span,
                  fmt::format("what is needed of `{}` is said twice", made.name))
          .label(before->span, "first said here");
      continue;
    }
    const bool same = need.beside && made.beside == made.version;
    if (made.name.empty() || made.version.empty() || (need.beside && made.beside.empty()) || same) {
      context.diagnostics
          .report(Code::revert_mismatch, need.span,
                  "what is needed has a name, a version, and another version beside it")
          .with_help("write `needs feature \"user_history\" version \"7\" beside \"6\"`");
    }
    if (need.replaces) {
      context.diagnostics
          .report(Code::baseline_cannot_run, need.span,
                  fmt::format("the baseline cannot run beside version {} of `{}`", made.version,
                              made.name))
          .label(need.replaces->span,
                 fmt::format("version {} is gone once it is replaced", need.replaces->value))
          .with_note("both arms run at the same time, and a rollback gives the baseline all "
                     "traffic at once, before anything is reverted")
          .with_help(fmt::format("serve both versions while both arms run, and write `beside "
                                 "\"{}\"`",
                                 need.replaces->value));
    }
    typed.needs.push_back(std::move(made));
  }
}

void check_rollback(const Context& context, const ast::RollbackBlock& block, TypedRelease& typed) {
  if (block.route_baseline) {
    const auto share = read_share(context, *block.route_baseline, "the share of the baseline");
    if (share && share->millionths != 1'000'000) {
      context.diagnostics
          .report(Code::partial_route, block.route_baseline->span,
                  "a rollback gives the baseline all traffic")
          .with_fix(block.route_baseline->span, "100%", "write `route baseline 100%`", false);
    }
  }
  for (const ast::RollbackAction& action : block.actions) check_action(context, action, typed);
  typed.quarantine_candidate = block.quarantine_candidate.has_value();
  if (!block.cooldown) return;
  if (const auto time = read_time(context, *block.cooldown, "a cooldown")) typed.cooldown = *time;
}

void check_reverts(const Context& context, const ast::Release& release, TypedRelease& typed) {
  if (typed.model >= context.policy.models.size()) return;
  const TypedModel& model = context.policy.models[typed.model];
  for (const TypedAction& action : typed.actions) {
    const bool of_model = action.subject_kind == SubjectKind::feature ||
                          action.subject_kind == SubjectKind::preprocessing;
    if (!of_model) continue;
    if (const TypedNeed* need = find_need(model, action.subject_kind, action.subject)) {
      check_version(context, *need, action);
      continue;
    }
    context.diagnostics
        .report(Code::revert_mismatch, action.subject_span,
                fmt::format("the model `{}` needs no `{}`", model.name, action.subject))
        .label(model.span, "declared here")
        .with_help("declare what the candidate reads: `needs feature \"NAME\" version \"7\"`");
  }
  if (release.incomplete || (release.rollback && release.rollback->incomplete)) return;
  for (const TypedNeed& need : model.needs) {
    const bool covered =
        std::any_of(typed.actions.begin(), typed.actions.end(), [&](const TypedAction& action) {
          return action.subject_kind == need.kind && action.subject == need.name;
        });
    if (covered) continue;
    const Span place = release.rollback ? release.rollback->span : release.name.span;
    const std::string_view word = subject_words[static_cast<size_t>(need.kind) - 1];
    context.diagnostics
        .report(Code::revert_missing, place,
                fmt::format("the way back does not revert {} `{}`", word, need.name))
        .label(need.span, "the candidate needs it")
        .with_help(fmt::format("add `revert {} \"{}\" to \"...\" by command [\"...\"]` to the "
                               "`rollback` block",
                               word, need.name));
  }
}

}  // namespace rel::sema
