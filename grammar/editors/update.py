#!/usr/bin/env python3
"""Writes the TextMate grammar from grammar/Release.g4, whose words it takes, so that they cannot drift.

Usage: update.py [--check]. With --check nothing is written, and a difference is exit 1.
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
GRAMMAR = HERE.parent / "Release.g4"
TARGET = HERE / "vscode" / "syntaxes" / "release.tmLanguage.json"

OPERATORS = {"and", "or", "not"}
ARMS = {"baseline", "candidate"}
# A name follows these: `metric latency`, `stage canary`.
DECLARATIONS = ["model", "metric", "segment", "guard", "release", "stage", "strategy", "gate", "set"]


def words():
    """The words of the language, in the grammar's order."""
    text = GRAMMAR.read_text(encoding="utf-8")
    return [word for word in re.findall(r"^[A-Z_]+ : '([a-z_]+)' ;", text, re.M)]


def one_of(all_words):
    return r"\b(?:" + "|".join(sorted(all_words, key=lambda word: (-len(word), word))) + r")\b"


def grammar():
    found = words()
    declarations = [word for word in DECLARATIONS if word in found]
    plain = [word for word in found if word not in OPERATORS | ARMS]
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "Release policy",
        "scopeName": "source.release",
        "fileTypes": ["release"],
        "patterns": [
            {"name": "comment.line.documentation.release", "match": r"///.*$"},
            {"name": "comment.line.double-slash.release", "match": r"//.*$"},
            {"name": "string.quoted.double.release", "begin": "\"", "end": "\"|$",
             "patterns": [{"name": "constant.character.escape.release", "match": r"\\[\"\\nt]"},
                          {"name": "invalid.illegal.escape.release", "match": r"\\."}]},
            {"name": "constant.numeric.release",
             "match": r"\b[0-9]\w*(?:\.[0-9]\w*)*(?:%\w*)?(?:/[A-Za-z]\w*)?"},
            {"match": r"\b(" + "|".join(declarations) + r")\s+([A-Za-z_]\w*)",
             "captures": {"1": {"name": "keyword.declaration.release"},
                          "2": {"name": "entity.name.type.release"}}},
            {"match": r"(\.)([A-Za-z_]\w*)",
             "captures": {"1": {"name": "punctuation.accessor.release"},
                          "2": {"name": "variable.other.member.release"}}},
            {"match": r"\b([A-Za-z_]\w*)(?=\()(?<!\band)(?<!\bor)(?<!\bnot)(?<!\bwhen)",
             "name": "entity.name.function.release"},
            {"name": "keyword.operator.word.release", "match": one_of(OPERATORS)},
            {"name": "variable.language.release", "match": one_of(ARMS)},
            {"name": "keyword.other.release", "match": one_of(plain)},
            {"name": "variable.other.release", "match": r"\b[A-Za-z_]\w*\b"},
            {"name": "keyword.operator.release", "match": r"<=|>=|==|!=|\.\.|[-<>+*/=]"},
            {"name": "punctuation.release", "match": r"[{}()\[\],:;.]"},
        ],
    }


def main():
    text = json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        if TARGET.read_text(encoding="utf-8") == text:
            return 0
        print("the words of Release.g4 have changed: run python3 grammar/editors/update.py")
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
