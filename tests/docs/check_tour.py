#!/usr/bin/env python3
"""The examples: those that teach are free of errors and have tests and a row in the README; the tour of errors has
an error on every line that a comment explains, and on no other.

Usage: check_tour.py RELC EXAMPLES_DIR
"""
import pathlib
import re
import subprocess
import sys


def check(relc, path):
    run = subprocess.run([relc, "check", "--format", "short", path], capture_output=True, text=True)
    lines = {int(found) for found in re.findall(r"^[^:]+:(\d+):\d+: error", run.stdout, re.M)}
    return run.returncode, lines


def main():
    relc, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    failed = []
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for path in sorted(folder.glob("*.release")):
        code, lines = check(relc, path)
        if code != 0:
            failed.append(f"{path}: relc check says {code}, lines {sorted(lines)}")
        text = path.read_text(encoding="utf-8")
        if not re.search(r'^test "', text, re.M):
            failed.append(f"{path}: no test")
        if f"({path.name})" not in readme:
            failed.append(f"{path}: no row in examples/README.md")
    tour = folder / "errors/tour_of_errors.release"
    _, found = check(relc, tour)
    explained = {number for number, line in enumerate(tour.read_text(encoding="utf-8").splitlines(), 1)
                 if re.search(r"\S.*//", line.strip()) and not line.strip().startswith("//")}
    if found != explained:
        failed.append(f"{tour}: errors without a comment on lines {sorted(found - explained)}, "
                      f"comments without an error on {sorted(explained - found)}")
    print("\n".join(failed) or "the examples are as their README says")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
