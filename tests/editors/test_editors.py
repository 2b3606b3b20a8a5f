#!/usr/bin/env python3
"""The TextMate grammar on every policy of the tree, by a small tokeniser; the extension's files.

Usage: test_editors.py RELC SOURCE_DIR
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile

RELC = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(sys.argv[2]).resolve()
EDITORS = ROOT / "grammar" / "editors"
EXTENSION = EDITORS / "vscode"


class Tokeniser:
    """One line at a time: the pattern that matches first wins, the earlier one of two (as TextMate does)."""

    def __init__(self, grammar):
        self.rules = [(re.compile(rule.get("begin", rule.get("match"))), rule)
                      for rule in grammar["patterns"]]

    def line(self, text):
        at = 0
        while at < len(text):
            found = [(match.start(), index, match) for index, (pattern, _) in enumerate(self.rules)
                     for match in [pattern.search(text, at)] if match and match.end() > match.start()]
            if not found:
                if text[at:].strip():
                    yield "", text[at:]
                return
            start, index, match = min(found, key=lambda each: each[:2])
            if text[at:start].strip():
                yield "", text[at:start]
            rule = self.rules[index][1]
            end = match.end()
            if "begin" in rule:
                end = self.end_of(rule, text, end)
                yield rule["name"], text[start:end]
            elif "captures" in rule:
                for number, capture in sorted(rule["captures"].items()):
                    yield capture["name"], match.group(int(number))
            else:
                yield rule["name"], match.group(0)
            at = end

    @staticmethod
    def end_of(rule, text, at):
        inner = re.compile("|".join(each["match"] for each in rule["patterns"]))
        while True:
            end = re.compile(rule["end"]).search(text, at)
            escape = inner.search(text, at)
            if escape is None or end.start() <= escape.start():
                return end.end()
            at = escape.end()


def grammar_words():
    text = (ROOT / "grammar" / "Release.g4").read_text(encoding="utf-8")
    return re.findall(r"^[A-Z_]+ : '([a-z_]+)' ;", text, re.M)


def policies():
    for folder in ("examples", "stdlib"):
        yield from sorted((ROOT / folder).rglob("*.release"))


class Editors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.grammar = json.loads(
            (EXTENSION / "syntaxes" / "release.tmLanguage.json").read_text(encoding="utf-8"))
        cls.tokeniser = Tokeniser(cls.grammar)

    def scopes(self, line):
        return [(scope.removesuffix(".release"), text) for scope, text in self.tokeniser.line(line)]

    def test_words_are_those_of_the_language(self):
        run = subprocess.run([sys.executable, EDITORS / "update.py", "--check"], check=False,
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout)
        for word in grammar_words():
            (scope, text), = self.scopes(word)
            self.assertEqual(text, word)
            self.assertRegex(scope, r"^(keyword|variable\.language)")

    def test_a_line_of_each_kind(self):
        self.assertEqual(self.scopes('  rollback when p99(candidate.latency) > 1.5s and x  // "why"'), [
            ("keyword.other", "rollback"), ("keyword.other", "when"),
            ("entity.name.function", "p99"), ("punctuation", "("), ("variable.language", "candidate"),
            ("punctuation.accessor", "."), ("variable.other.member", "latency"), ("punctuation", ")"),
            ("keyword.operator", ">"), ("constant.numeric", "1.5s"),
            ("keyword.operator.word", "and"), ("keyword.other", "x"),
            ("comment.line.double-slash", '// "why"')])
        self.assertEqual(self.scopes(r'metric score: flag, from status in 500..599 "a\"// b" 120/s 2pp'), [
            ("keyword.declaration", "metric"), ("entity.name.type", "score"), ("punctuation", ":"),
            ("variable.other", "flag"), ("punctuation", ","), ("keyword.other", "from"),
            ("keyword.other", "status"), ("keyword.other", "in"), ("constant.numeric", "500"),
            ("keyword.operator", ".."), ("constant.numeric", "599"),
            ("string.quoted.double", r'"a\"// b"'), ("constant.numeric", "120/s"),
            ("constant.numeric", "2pp")])
        self.assertEqual(self.scopes("/// documents")[0][0], "comment.line.documentation")
        self.assertEqual(self.scopes("promote when not (a or (b))")[3], ("punctuation", "("))

    def test_nothing_of_a_policy_is_left_without_a_scope(self):
        checked = 0
        for path in policies():
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                tokens = list(self.tokeniser.line(line))
                for scope, text in tokens:
                    self.assertTrue(scope, f"{path.name}:{number}: {text!r} has no scope")
                self.assertEqual("".join(text for _, text in tokens).replace(" ", ""),
                                 line.replace(" ", ""), f"{path.name}:{number}")
                checked += 1
        self.assertGreater(checked, 50)

    def test_the_extension_packages(self):
        package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
        version = re.search(r"project\(relc VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual(package["version"], version)
        contributes = package["contributes"]
        paths = [each["path"] for each in contributes["grammars"]]
        paths += [each["configuration"] for each in contributes["languages"]]
        self.assertEqual(contributes["grammars"][0]["scopeName"], self.grammar["scopeName"])
        json.loads((EXTENSION / "language-configuration.json").read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "relc.vsix")
            subprocess.run([sys.executable, EDITORS / "package.py", out], check=True)
            with zipfile.ZipFile(out) as made:
                self.assertIsNone(made.testzip())
                names = set(made.namelist())
        self.assertLessEqual({"[Content_Types].xml", "extension.vsixmanifest",
                              "extension/package.json", "extension/README.md"}, names)
        for path in paths:
            self.assertIn("extension/" + path.removeprefix("./"), names)

    def test_the_problem_matcher_reads_the_short_form(self):
        package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
        pattern = package["contributes"]["problemMatchers"][0]["pattern"]
        run = subprocess.run([RELC, "check", "-", "--format", "short"], input="\n metrc x\n", text=True,
                             capture_output=True, check=False)
        match = re.match(pattern["regexp"], run.stdout.strip())
        self.assertIsNotNone(match, run.stdout)
        found = {name: match.group(pattern[name]) for name in ("file", "line", "column", "severity", "code")}
        self.assertEqual(found, {"file": "-", "line": "2", "column": "2", "severity": "error",
                                 "code": "REL0011"})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
