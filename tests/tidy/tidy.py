#!/usr/bin/env python3
"""Enforces the rules of the tree that a compiler does not: include rules, sizes, names, words.

Usage: tidy.py SOURCE_DIR. Prints one line a finding, `file:line: rule: what`, and exits 1 if any.
Each rule is a function from a file to findings; tests/tidy/test_tidy.py shows each one firing.
"""
import pathlib
import re
import subprocess
import sys

LINES_MAX = 600
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
SOURCE_SUFFIXES = {".cpp", ".h", ".c", ".def"}


class File:
    def __init__(self, path, text):
        self.path = path  # relative to the tree, with slashes
        self.text = text
        self.lines = text.split("\n")

    @property
    def is_source(self):
        return pathlib.PurePosixPath(self.path).suffix in SOURCE_SUFFIXES


def includes(file):
    for number, line in enumerate(file.lines, 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1)


def include_rules(file):
    """The runtime knows nothing of the compiler; LLVM is in one folder, ANTLR in one file."""
    for number, name in includes(file):
        in_runtime = file.path.startswith("runtime/")
        if in_runtime and name.startswith("compiler/"):
            yield number, "include", f"runtime/ includes `{name}`"
        if in_runtime and re.match(r"(llvm|antlr4|yaml-cpp)", name):
            yield number, "include", f"runtime/ includes `{name}`"
        if name.startswith("llvm") and not file.path.startswith(("compiler/codegen/", "tests/bench/")):
            yield number, "include", f"`{name}` outside compiler/codegen"
        if re.match(r"(antlr4|Release(Lexer|Parser))", name) and \
                file.path not in ("compiler/syntax/parse.cpp",):
            yield number, "include", f"`{name}` outside compiler/syntax/parse.cpp"
        if name.startswith("yaml-cpp") and not file.path.startswith("compiler/cli/"):
            yield number, "include", f"`{name}` outside compiler/cli"
        if name == "sqlite3.h" and not file.path.startswith(("runtime/journal/", "tests/")):
            yield number, "include", "sqlite3 outside runtime/journal"
        if re.match(r"ngx_", name) and not file.path.startswith("runtime/gateways/nginx/"):
            yield number, "include", "nginx headers outside runtime/gateways/nginx"


def file_size(file):
    if len(file.lines) > LINES_MAX + 1:
        yield 1, "size", f"{len(file.lines)} lines, at most {LINES_MAX}"


def line_length(file):
    for number, line in enumerate(file.lines, 1):
        if len(line) > COLUMNS_MAX and "http" not in line and "R\"" not in line:
            yield number, "columns", f"{len(line)} columns, at most {COLUMNS_MAX}"


def function_size(file):
    """A function is what opens at column 0 with `{` at a line's end and closes with `}` there."""
    if not file.path.endswith((".cpp", ".c")):
        return
    start = None
    for number, line in enumerate(file.lines, 1):
        opens = re.match(r"[A-Za-z_~].*[)a-zA-Z]\s*(const\s*)?(noexcept\s*)?\{$", line) or \
            re.match(r"\s+.*\)\s*(const\s*)?(noexcept\s*)?\{$", line) and start is None and \
            number > 1 and re.match(r"[A-Za-z_~]", file.lines[number - 2])
        if start is None and opens and not re.match(
                r"(namespace|struct|class|enum|union|extern)\b", line):
            start = number
        elif start is not None and line.startswith("}"):
            if number - start + 1 > FUNCTION_LINES_MAX:
                yield start, "function", f"{number - start + 1} lines, at most {FUNCTION_LINES_MAX}"
            start = None


def names(file):
    if file.path.startswith("runtime/include/"):
        return
    for number, line in enumerate(file.lines, 1):
        code = line.split("//")[0]
        match = re.search(r"\b(utils?|common|manager|helpers?)\.(h|cpp)\b", code)
        if match:
            yield number, "name", f"`{match.group(0)}` says nothing"
    stem = pathlib.PurePosixPath(file.path).stem
    if re.search(r"(^|_)(utils?|common|manager|helpers?)$", stem):
        yield 1, "name", f"file name `{stem}` says nothing"
    if not re.fullmatch(r"[a-z0-9_.]+", pathlib.PurePosixPath(file.path).name):
        yield 1, "name", "file names are snake_case"


def words(file):
    for number, line in enumerate(file.lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            yield number, "words", "no such marker ships"
        if re.search(r"(/work/|/home/|/root/)", line):
            yield number, "words", "a path of one machine"


def getenv_below_cli(file):
    if file.path.startswith(("compiler/cli/", "tests/", "examples/")):
        return
    for number, line in enumerate(file.lines, 1):
        if re.search(r"\bgetenv\s*\(", line.split("//")[0]):
            yield number, "getenv", "the environment is read in compiler/cli only"


def header_comment(file):
    if not file.path.endswith(".h"):
        return
    first = next((line for line in file.lines if line.strip()), "")
    if not first.startswith(("//", "/*")):
        yield 1, "comment", "the first line says what the file is"


def switch_default(file):
    """An exhaustive switch over an enum has no default, so that a new value is a compile error."""
    if file.path.startswith(("compiler/", "runtime/")) and file.path.endswith((".cpp", ".h")):
        for number, line in enumerate(file.lines, 1):
            if re.match(r"\s*default\s*:", line) and "// rel: " not in line:
                yield number, "switch", "no `default:` in a switch over a closed set; " \
                    "where it is meant, `// rel: ` says for which values"


RULES = [include_rules, file_size, line_length, function_size, names, words, getenv_below_cli,
         header_comment, switch_default]


def check(file):
    if not file.is_source:
        return
    for rule in RULES:
        for number, name, what in rule(file):
            yield f"{file.path}:{number}: {name}: {what}"


def tree(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True)
    if listed.returncode != 0:
        paths = [str(p.relative_to(root)) for folder in ("compiler", "runtime", "tests", "examples")
                 for p in pathlib.Path(root, folder).rglob("*") if p.is_file()]
    else:
        paths = listed.stdout.split("\n")
    for path in sorted(filter(None, paths)):
        full = pathlib.Path(root, path)
        if full.suffix in SOURCE_SUFFIXES and full.is_file():
            yield File(path, full.read_text(encoding="utf-8"))


def main():
    root = sys.argv[1]
    files = list(tree(root))
    if not files:
        print("tidy: no source files found", file=sys.stderr)
        return 2
    findings = [line for file in files for line in check(file)]
    print("\n".join(findings))
    print(f"tidy: {len(files)} files, {len(findings)} findings", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
