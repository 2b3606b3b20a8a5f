#!/usr/bin/env python3
"""Completion scripts in the shells they are for; zsh and fish only where they are installed.

Usage: test_completion.py RELC SOURCE_DIR
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

RELC = str(pathlib.Path(sys.argv[1]).resolve())


def script(shell):
    return subprocess.run([RELC, "completion", shell], capture_output=True, text=True,
                          check=True).stdout


def commands():
    text = subprocess.run([RELC, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z]+) ", text.split("Subcommands:")[1], re.M)


class Completion(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="relc_completion_"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "a.release").touch()
        (self.folder / "b.txt").touch()
        (self.folder / "policies").mkdir()

    def bash(self, *words):
        """What bash offers with the cursor at the end of the last word."""
        listed = " ".join(f"'{word}'" for word in words)
        text = script("bash") + f"""
COMP_WORDS=({listed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _relc
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
        run = subprocess.run(["bash", "-eu"], input=text, capture_output=True, text=True,
                             cwd=self.folder, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return sorted(run.stdout.split())

    def test_bash(self):
        self.assertEqual(self.bash("relc", ""), sorted(commands()))
        self.assertEqual(self.bash("relc", "che"), ["check"])
        self.assertEqual(self.bash("relc", "check", "--form"), ["--format"])
        self.assertEqual(self.bash("relc", "check", "--format", "s"), ["sarif", "short"])
        self.assertEqual(self.bash("relc", "graph", "--format", ""), ["dot", "svg"])
        self.assertEqual(self.bash("relc", "check", ""), ["a.release", "policies"])
        self.assertEqual(self.bash("relc", "explain", "never-t"), ["never-true"])
        self.assertEqual(self.bash("relc", "explain", "REL301"),
                         [f"REL30{n}" for n in range(10, 20)])
        self.assertEqual(self.bash("relc", "completion", ""), ["bash", "fish", "zsh"])
        self.assertIn("--fix", self.bash("relc", "check", "a.release", "--"))

    def test_every_command_is_in_every_script(self):
        for shell in ("bash", "zsh", "fish"):
            for command in commands():
                self.assertRegex(script(shell), rf"\b{command}\b")
        self.assertEqual(subprocess.run([RELC, "completion", "tcsh"], capture_output=True,
                                        check=False).returncode, 2)

    def test_zsh(self):
        path = self.folder / "_relc"
        path.write_text(script("zsh"))
        subprocess.run(["zsh", "-n", path], check=True)
        loaded = subprocess.run(
            ["zsh", "-f", "-c", f"autoload -U compinit; compinit -D -u; source {path}; "
             "print ${_comps[relc]}"], capture_output=True, text=True, check=True)
        self.assertEqual(loaded.stdout.strip(), "_relc")

    def test_fish(self):
        def offered(line):
            run = subprocess.run(["fish", "--no-config", "-c", script("fish") +
                                  f"\ncomplete -C '{line}'"], capture_output=True, text=True,
                                 cwd=self.folder, check=True, env={"HOME": str(self.folder),
                                                                   "PATH": "/usr/bin:/bin"})
            return sorted(row.split("\t")[0] for row in run.stdout.splitlines())
        self.assertEqual(offered("relc "), sorted(commands()))
        self.assertEqual(offered("relc check --format s"), ["sarif", "short"])
        self.assertEqual(offered("relc explain never-t"), ["never-true"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
