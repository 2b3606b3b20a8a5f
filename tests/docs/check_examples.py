#!/usr/bin/env python3
"""Every definition of the standard library has a `///` comment with an `@example`, and each example is free of
errors where it belongs: in a release of a policy that has the usual metrics.

Usage: check_examples.py RELC STDLIB_DIR . An example is one statement of a release.
"""
import pathlib
import re
import subprocess
import sys

DEFINITION = re.compile(r"^(guard|gate|measure|strategy|policy) (\w+)", re.M)
POLICY = """import std.%s
%s
model scorer {
  baseline  = mlflow("scorer@champion")
  candidate = mlflow("scorer/13")
}
metric latency        : duration per request, lower is better
metric failed         : flag     per request, lower is better
metric score          : ratio    per request
metric cost           : usd      per request, lower is better
metric first_token    : duration per request, lower is better, from response header "X-First-Token"
metric between_tokens : duration per request, lower is better, from response header "X-Between-Tokens"
metric refused        : flag     per request, lower is better
metric judge_score    : ratio    per request, higher is better
metric output_tokens  : tokens   per request
segment region in { "eu", "us" }
release next of scorer {
  unknown { source_error: hold up to 15m then alert; no_data: hold; insufficient: hold }
  rollback when rate(candidate.failed) > 2%% over 5m for 1m
  %s
  stage last: 100%% holdback 1%% { soak 1h }
  rollback { route baseline 100%% }
}
"""


def definitions(text):
    """Name and doc comment of each definition, in order."""
    for match in DEFINITION.finditer(text):
        lines = text[:match.start()].splitlines()
        doc = []
        while lines and lines[-1].startswith("///"):
            doc.insert(0, lines.pop()[3:].strip())
        yield match.group(2), doc


def main():
    relc, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    count, failed = 0, 0
    for module in sorted(folder.glob("*.release")):
        for name, doc in definitions(module.read_text(encoding="utf-8")):
            examples = [line.removeprefix("@example ") for line in doc if line.startswith("@example ")]
            words = [line for line in doc if not line.startswith("@example ")]
            if not examples or not words or not any(name in each for each in examples):
                failed += 1
                print(f"{module}: `{name}` has no description, or no `@example` that uses it")
            for example in examples:
                also = "" if module.stem == "guards" else "import std.guards"
                policy = POLICY % (module.stem, also, example)
                run = subprocess.run([relc, "check", "-"], input=policy, text=True,
                                     capture_output=True)
                count += 1
                if run.returncode != 0:
                    failed += 1
                    print(f"{module}: `{name}`: {example}\n{run.stdout}{run.stderr}")
    print(f"{count} examples checked, {failed} failed")
    return 1 if failed or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
