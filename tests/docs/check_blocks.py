#!/usr/bin/env python3
"""Runs every ```release block of the given pages through `relc check`; each must be free of errors. The tests
of a block that has some are run, too, and must pass.

Usage: check_blocks.py RELC EXAMPLES_DIR PAGE... . A block is a complete policy; references to files are
relative to the examples folder, where the blocks are written for the check and removed after it.
"""
import pathlib
import re
import subprocess
import sys


def main():
    relc, examples, pages = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    checked, failed = 0, 0
    for page in pages:
        text = pathlib.Path(page).read_text(encoding="utf-8")
        for match in re.finditer(r"^```release\n(.*?)^```", text, re.S | re.M):
            line = text.count("\n", 0, match.start()) + 2
            run = subprocess.run([relc, "check", "-"], input=match.group(1), text=True,
                                 capture_output=True, cwd=examples)
            checked += 1
            if run.returncode == 0 and re.search(r'^test "', match.group(1), re.M):
                run = subprocess.run([relc, "test", "-"], input=match.group(1), text=True,
                                     capture_output=True, cwd=examples)
            if run.returncode != 0:
                failed += 1
                print(f"{page}:{line}: relc says {run.returncode}\n{run.stdout}{run.stderr}")
    print(f"{checked} blocks checked, {failed} failed")
    return 1 if failed or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
