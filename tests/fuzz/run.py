#!/usr/bin/env python3
"""Runs the fuzzers, each for so many seconds, from its corpus; those of policies also from every
policy of the tree.

Usage: run.py --build-dir DIR [--seconds N] [--only NAME]. New inputs stay below DIR; an input that
crashes is copied to the corpus, where it is replayed by the tests from then on.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OF_POLICIES = ("parse", "check", "format")
TARGETS = (*OF_POLICIES, "events", "plan", "journal", "control", "config")


def dictionary(path):
    """The words and signs of the grammar, so that inputs become policies."""
    text = (ROOT / "grammar" / "Release.g4").read_text(encoding="utf-8")
    words = re.findall(r"^[A-Z_]+ : '([^'\\]+)' ;", text, re.M)
    words += ["5%", "2pp", "300ms", "1h30m", "50k", "120/s", "100%", "\\\"a\\\"", "p99(", "rate(",
              "candidate.", "latency", "// relc: allow(", "///"]
    path.write_text("".join(f'"{word}"\n' for word in dict.fromkeys(words)), encoding="utf-8")


def seeds(folder):
    folder.mkdir(parents=True, exist_ok=True)
    pages = sorted((ROOT / "compiler/diagnostics/pages").glob("*.md")) + [ROOT / "grammar/REFERENCE.md"]
    for page in pages:
        for index, block in enumerate(re.findall(r"^```release\n(.*?)^```", page.read_text(), re.S | re.M)):
            (folder / f"{page.stem}_{index}").write_text(block)
    for path in [*ROOT.glob("examples/*.release"), *ROOT.glob("stdlib/*.release"),
                 *ROOT.glob("tests/ui/cases/*.release"), *ROOT.glob("tests/fuzz/corpus/*")]:
        shutil.copy(path, folder / f"{path.parent.name}_{path.name}")


def corpus(name):
    return ROOT / "tests/fuzz" / ("corpus" if name in OF_POLICIES else f"corpus_{name}")


def fuzz(name, arguments, work):
    found = work / f"found_{name}"
    crashes = work / f"crashes_{name}"
    for folder in (found, crashes):
        folder.mkdir(exist_ok=True)
    of_policies = name in OF_POLICIES
    words = [f"-dict={work / 'words.dict'}"] if of_policies else []
    run = subprocess.run(
        [arguments.build_dir / "bin" / f"rel_fuzz_{name}", f"-max_total_time={arguments.seconds}",
         *words, f"-artifact_prefix={crashes}/", "-timeout=10", "-max_len=8192",
         "-rss_limit_mb=2048", "-print_final_stats=1", found,
         work / "seeds" if of_policies else corpus(name)],
        cwd=work, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    stats = dict(re.findall(r"stat::(\w+):\s+(\d+)", run.stderr))
    print(f"{name:<8} {stats.get('number_of_executed_units', '?'):>9} inputs in {arguments.seconds} s, "
          f"{'no finding' if run.returncode == 0 else 'FINDING'}", flush=True)
    if run.returncode == 0:
        return 0
    print(run.stderr[-4000:])
    for crash in crashes.iterdir():
        kept = corpus(name) / f"{name}_{crash.name[:24]}"
        shutil.copy(crash, kept)
        print(f"kept as {kept.relative_to(ROOT)}")
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build-dir", type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", choices=TARGETS)
    arguments = parser.parse_args()
    work = arguments.build_dir / "fuzz"
    shutil.rmtree(work / "seeds", ignore_errors=True)
    seeds(work / "seeds")
    dictionary(work / "words.dict")
    names = [arguments.only] if arguments.only else TARGETS
    return max(fuzz(name, arguments, work) for name in names)


if __name__ == "__main__":
    sys.exit(main())
