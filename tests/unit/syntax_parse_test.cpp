// Text to Ast: what is read, how it binds, where statements end, and what is left after errors.
#include <catch2/catch.hpp>

#include <string>

#include "compiler/syntax/parse.h"

namespace {

using namespace rel;
using ast::ExprKind;

struct Parsed {
  Sources sources;
  Diagnostics diagnostics;
  ast::File file;
};

void read(const std::string& text, Parsed& parsed) {
  const FileId id = parsed.sources.add("p.release", text);
  parsed.file = parse(parsed.sources, id, parsed.diagnostics);
}

// An expression with all its brackets.
std::string show(const ast::File& file, ast::ExprId id) {
  const ast::Expr& expr = file[id];
  const auto infix = [&](const std::string& op) {
    return "(" + show(file, expr.left) + " " + op + " " + show(file, expr.right) + ")";
  };
  switch (expr.kind) {
    case ExprKind::quantity: {
      std::string made;
      for (const auto& part : expr.quantity.parts) {
        std::string number = std::to_string(part.magnitude);
        number.erase(number.find_last_not_of('0') + 1);
        if (number.ends_with('.')) number.pop_back();
        made += number + part.unit;
      }
      return made;
    }
    case ExprKind::string:
      return "\"" + expr.string.value + "\"";
    case ExprKind::name:
      return expr.name.text;
    case ExprKind::member:
      return show(file, expr.left) + "." + expr.name.text;
    case ExprKind::call: {
      std::string made = expr.name.text + "(";
      for (const ast::Argument& each : expr.arguments) {
        if (&each != &expr.arguments.front()) made += ", ";
        if (each.name) made += each.name->text + ": ";
        made += show(file, each.value);
      }
      return made + ")";
    }
    case ExprKind::negate:
      return "(-" + show(file, expr.left) + ")";
    case ExprKind::logical_not:
      return "(not " + show(file, expr.left) + ")";
    case ExprKind::add:
      return infix("+");
    case ExprKind::subtract:
      return infix("-");
    case ExprKind::multiply:
      return infix("*");
    case ExprKind::divide:
      return infix("/");
    case ExprKind::less:
      return infix("<");
    case ExprKind::less_equal:
      return infix("<=");
    case ExprKind::greater:
      return infix(">");
    case ExprKind::greater_equal:
      return infix(">=");
    case ExprKind::equal:
      return infix("==");
    case ExprKind::not_equal:
      return infix("!=");
    case ExprKind::logical_and:
      return infix("and");
    case ExprKind::logical_or:
      return infix("or");
    case ExprKind::sustained:
      return "(" + show(file, expr.left) + " for)";
    case ExprKind::statistical:
      return "(" + show(file, expr.left) + " statistically)";
    case ExprKind::error:
      return "error";
  }
  return {};
}

std::string condition_of(const std::string& text) {
  Parsed parsed;
  read("guard g = " + text, parsed);
  INFO(text);
  REQUIRE(parsed.diagnostics.all().empty());
  REQUIRE(parsed.file.guards.size() == 1);
  return show(parsed.file, parsed.file.guards[0].condition.expr);
}

std::vector<Code> codes_of(const std::string& text) {
  Parsed parsed;
  read(text, parsed);
  std::vector<Code> made;
  for (const Diagnostic& each : parsed.diagnostics.all()) made.push_back(each.code);
  return made;
}

}  // namespace

TEST_CASE("operators bind as in the reference", "[parse]") {
  CHECK(condition_of("a or b and c") == "(a or (b and c))");
  CHECK(condition_of("not a > b and c") == "((not (a > b)) and c)");
  CHECK(condition_of("a + b * -c < d - e - f") == "((a + (b * (-c))) < ((d - e) - f))");
  CHECK(condition_of("(a or b) and not (c for 5m)") == "((a or b) and (not (c for)))");
  CHECK(condition_of("a > 1 and b > 2 for 2m") == "(((a > 1) and (b > 2)) for)");
  CHECK(condition_of("a / 2 >= b") == "((a / 2) >= b)");
  CHECK(condition_of("f(x, limit: 2 * 3) != c.d") == "(f(x, limit: (2 * 3)) != c.d)");
  CHECK(condition_of("failed not worse than baseline by 1pp at 95% confidence and a") ==
        "((failed statistically) and a)");
}

TEST_CASE("long chains of and and or are balanced", "[parse]") {
  CHECK(condition_of("a and b and c and d") == "((a and b) and (c and d))");
  std::string chain = "a";
  for (int i = 1; i < 50'000; ++i) chain += " or a";
  Parsed parsed;
  read("guard g = " + chain, parsed);
  CHECK(parsed.diagnostics.all().empty());
  size_t depth = 0;
  ast::ExprId at = parsed.file.guards.at(0).condition.expr;
  for (; parsed.file[at].kind == ExprKind::logical_or; at = parsed.file[at].left) ++depth;
  CHECK(depth == 16);  // 2^15 < 50,000 <= 2^16
}

TEST_CASE("quantities", "[parse]") {
  CHECK(condition_of("1h30m > 0.25") == "(1h30m > 0.25)");
  CHECK(condition_of("5% < 2pp") == "(5% < 2pp)");
  CHECK(condition_of("120/s < 1.5M") == "(120/s < 1.5M)");
  CHECK(condition_of("10 / s < x") == "((10 / s) < x)");
}

TEST_CASE("keywords are names wherever a name is due", "[parse]") {
  CHECK(condition_of("test > stage and candidate.hold > x.x") ==
        "((test > stage) and (candidate.hold > x.x))");
  CHECK(condition_of("for > over over 5m") == "(for > over)");
  Parsed parsed;
  read("metric load : number\nsegment user in { \"a\" }\nguard watch(when: ratio) = when > 1\n",
       parsed);
  CHECK(parsed.diagnostics.all().empty());
  CHECK(parsed.file.metrics.at(0).name.text == "load");
  CHECK(parsed.file.segments.at(0).name.text == "user");
  CHECK(parsed.file.guards.at(0).parameters.at(0).name.text == "when");
}

TEST_CASE("suffixes belong to their comparison", "[parse]") {
  Parsed parsed;
  read("guard g = a > 1 with at least 200 samples in every (r, s) over 90s and b > 2 in any r x s",
       parsed);
  REQUIRE(parsed.diagnostics.all().empty());
  const ast::Expr& both = parsed.file[parsed.file.guards.at(0).condition.expr];
  const ast::Expr& first = parsed.file[both.left];
  REQUIRE(first.over);
  CHECK(first.over->kind == ast::Window::Kind::sliding);
  CHECK(first.over->length.parts.at(0).magnitude == 90);
  REQUIRE(first.in);
  CHECK(first.in->every);
  CHECK(!first.in->crossed);
  CHECK(first.in->segments.size() == 2);
  REQUIRE(first.samples_min);
  CHECK(first.samples_min->parts.at(0).magnitude == 200);
  const ast::Expr& second = parsed.file[both.right];
  CHECK(!second.over);
  CHECK(!second.samples_min);
  REQUIRE(second.in);
  CHECK(!second.in->every);
  CHECK(second.in->crossed);
}

TEST_CASE("where statements end", "[parse]") {
  const auto guards = [](const std::string& text) {
    Parsed parsed;
    read(text, parsed);
    CHECK(parsed.diagnostics.all().empty());
    return parsed.file.guards.size();
  };
  CHECK(guards("guard a = b > 1\nguard c = d > 1") == 2);
  CHECK(guards("guard a = b > 1; guard c = d > 1;") == 2);
  CHECK(guards("guard a =\n\n  b >\n 1\n and // why\n c > 1\n") == 1);
  CHECK(guards("guard a = b > 1\n  and c > 1\n  or d\n > 2") == 1);
  CHECK(guards("guard a = b\n - 1 > 0") == 1);
  CHECK(guards("guard a = (b > 1\n)\r\nguard c(x: ratio\n= 1,\n) = d > 1") == 2);
  CHECK(guards("\n\n;;\n") == 0);
  CHECK(guards("") == 0);
  CHECK(guards("\xEF\xBB\xBF" "guard a = b > 1") == 1);
  CHECK(guards("// only a comment") == 0);
}

TEST_CASE("doc comments belong to the declaration below", "[parse]") {
  Parsed parsed;
  read("/// far\n\n/// one\n///  two\nmetric a : flag\n// no doc\nmetric b : flag\n", parsed);
  CHECK(parsed.diagnostics.all().empty());
  CHECK(parsed.file.metrics.at(0).doc == "one\n two");
  CHECK(parsed.file.metrics.at(1).doc == "");
}

TEST_CASE("a release as written", "[parse]") {
  Parsed parsed;
  read(R"(release r of m {
  owner "a \"b\"\n"; pane 2s
  unknown { source_error: hold up to 15m then alert; no_data: alert; insufficient: rollback }
  hold when x > 1 after 10m even if baseline
  stage a: steps 1% for 1h, 5% {
    soak 5m; at least 7d; at most 28d; otherwise withdraw "no"
    promote when x > 1
  }
  stage b: 100% holdback 1%
  rollback {
    route baseline 100%; report "r.md"; notify by command ["/bin/x",
      "y"]
    quarantine candidate; cooldown 24h
  }
})",
       parsed);
  REQUIRE(parsed.diagnostics.all().empty());
  const ast::Release& release = parsed.file.releases.at(0);
  CHECK(release.name.text == "r");
  CHECK(release.model.text == "m");
  CHECK(release.owner->value == "a \"b\"\n");
  CHECK(release.pane->parts.at(0).magnitude == 2);
  const auto& clauses = release.unknown->clauses;
  REQUIRE(clauses.size() == 3);
  CHECK(clauses[0].up_to->parts.at(0).magnitude == 15);
  CHECK(clauses[0].then == ast::UnknownVerb::alert);
  CHECK(clauses[1].verb == ast::UnknownVerb::alert);
  CHECK(clauses[2].verb == ast::UnknownVerb::rollback);
  REQUIRE(release.triggers.size() == 1);
  CHECK(release.triggers[0].verb == ast::TriggerVerb::hold);
  CHECK(release.triggers[0].when.after);
  CHECK(release.triggers[0].when.even_if_baseline);
  CHECK(parsed.sources.text(release.triggers[0].span) ==
        "hold when x > 1 after 10m even if baseline");
  REQUIRE(release.stages.size() == 2);
  const ast::Stage& first = release.stages[0];
  CHECK(first.kind == ast::StageKind::steps);
  REQUIRE(first.steps.size() == 2);
  CHECK(first.steps[0].duration);
  CHECK(!first.steps[1].duration);
  CHECK(first.at_least->parts.at(0).unit == "d");
  CHECK(first.otherwise->reason->value == "no");
  CHECK(first.triggers.at(0).verb == ast::TriggerVerb::promote);
  CHECK(release.stages[1].kind == ast::StageKind::share);
  CHECK(release.stages[1].holdback->parts.at(0).magnitude == 1);
  REQUIRE(release.rollback);
  REQUIRE(release.rollback->actions.size() == 2);  // in the order written
  CHECK(release.rollback->actions[0].verb == ast::WayBackVerb::report);
  CHECK(release.rollback->actions[0].subject.value == "r.md");
  CHECK(release.rollback->actions[1].verb == ast::WayBackVerb::notify);
  CHECK(release.rollback->actions[1].means.at(0).arguments.size() == 2);
  CHECK(release.rollback->quarantine_candidate);
  CHECK(!release.incomplete);
}

TEST_CASE("an error costs its statement and no other", "[parse]") {
  Parsed parsed;
  read(R"(metric a flag
metric b : flag
release r of m {
  rolback when b > 1 { nested { } }
  hold when > 3
  hold when rate(b) > 1%
  stage one 5% { soak 5m }
  stage two: 5% { soak; at most 3d }
  stage three: 5%
}
guard g = b > )",
       parsed);
  CHECK(parsed.diagnostics.all().size() == 6);
  CHECK(parsed.file.metrics.size() == 1);
  REQUIRE(parsed.file.left_out.size() == 2);
  CHECK(parsed.file.left_out[0].text == "a");
  CHECK(parsed.file.left_out[1].text == "g");
  const ast::Release& release = parsed.file.releases.at(0);
  CHECK(release.incomplete);
  CHECK(release.triggers.size() == 1);
  REQUIRE(release.stages.size() == 2);
  CHECK(release.stages[0].name.text == "two");
  CHECK(release.stages[0].incomplete);
  CHECK(!release.stages[0].soak);
  CHECK(release.stages[0].at_most);
  CHECK(!release.stages[1].incomplete);
}

TEST_CASE("a missing brace is found by indentation, and only then", "[parse]") {
  const std::string open = "release r of m {\n  stage a: 5% {\n    soak 5m\n  stage b: 5%\n}\n";
  CHECK(codes_of(open) == std::vector{Code::unclosed_bracket});
  Parsed parsed;
  read(open, parsed);
  CHECK(parsed.file.releases.at(0).stages.size() == 2);
  // Balanced braces may be indented in any way.
  CHECK(codes_of("release r of m {\n      stage a: 5% {\nsoak 5m\n}\n stage b: 5%\n}\n").empty());
  CHECK(codes_of("guard g = b > 1\n}\n}\n") ==
        std::vector{Code::unclosed_bracket, Code::unclosed_bracket});
}

TEST_CASE("anything at all ends with diagnostics, not with a crash", "[parse]") {
  for (const std::string text :
       {"}", "{", ")(", "release", "release r of m {", "release r of m { stage", "guard g =",
        "segment s in { }", "segment s in {", "metric", "import", "import a.", "model m { baseline",
        "guard g = a > 1 for", "guard g = (((", "\"", "///", "/*", "\\", "guard g = a.b.c > 1",
        "release r of m { rollback { notify by command [ } }", "guard g = f(,)", "guard g = -",
        "release r of m { unknown { : } }", "stage a: 5% {{{ }", "\r\n\r\n", "\xC3\xA9"}) {
    INFO(text);
    Parsed parsed;
    read(text, parsed);
    for (const Diagnostic& each : parsed.diagnostics.all()) CHECK(each.span.end() <= text.size());
  }
}
