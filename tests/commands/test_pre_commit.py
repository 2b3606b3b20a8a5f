#!/usr/bin/env python3
"""The hooks of .pre-commit-hooks.yaml with the real pre-commit, in throwaway repositories.

Usage: test_pre_commit.py RELC SOURCE_DIR
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

RELC = pathlib.Path(sys.argv[1]).resolve()
SOURCE = pathlib.Path(sys.argv[2]).resolve()

LOOSE = "metric  failed:flag per request\n"
TIDY = "metric failed: flag per request\n"
BAD = "metrc failed: flag per request\n"


class PreCommit(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="relc_hooks_"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.environment = {"PATH": f"{RELC.parent}:/usr/bin:/bin", "HOME": str(self.folder),
                            "PRE_COMMIT_HOME": str(self.folder / "cache"), "LC_ALL": "C.UTF-8",
                            "GIT_CONFIG_NOSYSTEM": "1"}
        hooks = self.repository("hooks")
        shutil.copy(SOURCE / ".pre-commit-hooks.yaml", hooks)
        self.run_in(hooks, "git", "add", "-A")
        self.run_in(hooks, "git", "commit", "-qm", "hooks")
        revision = self.run_in(hooks, "git", "rev-parse", "HEAD").stdout.strip()
        self.policies = self.repository("policies")
        (self.policies / ".pre-commit-config.yaml").write_text(
            f"repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n"
            "  - id: relc-fmt\n  - id: relc-check\n")
        self.run_in(self.policies, "pre-commit", "install")

    def repository(self, name):
        path = self.folder / name
        path.mkdir()
        self.run_in(path, "git", "init", "-q")
        self.run_in(path, "git", "config", "user.name", "tests")
        self.run_in(path, "git", "config", "user.email", "tests@example.org")
        return path

    def run_in(self, folder, *command, expect=0):
        run = subprocess.run(command, cwd=folder, env=self.environment, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if expect is not None:
            self.assertEqual(run.returncode, expect, f"{command}\n{run.stdout}")
        return run

    def commit(self, expect):
        self.run_in(self.policies, "git", "add", "-A")
        return self.run_in(self.policies, "git", "commit", "-qm", "policies", expect=expect).stdout

    def test_a_commit_is_formatted_and_checked(self):
        policy = self.policies / "a.release"
        policy.write_text(BAD)
        (self.policies / "notes.txt").write_text("no policy\n")
        refused = self.commit(expect=1)
        self.assertIn("error[REL0011]", refused)
        self.assertRegex(refused, r"relc check\.+Failed")

        policy.write_text(LOOSE)
        rewritten = self.commit(expect=1)  # a hook that changes a file fails, so that one looks
        self.assertRegex(rewritten, r"relc fmt\.+Failed")
        self.assertIn("files were modified by this hook", rewritten)
        self.assertRegex(rewritten, r"relc check\.+Passed")
        self.assertEqual(policy.read_text(), TIDY)

        self.assertRegex(self.commit(expect=0), r"relc fmt\.+Passed\s+relc check\.+Passed")
        log = self.run_in(self.policies, "git", "log", "--oneline").stdout
        self.assertEqual(len(log.splitlines()), 1)

    def test_all_files(self):
        for index in range(3):
            (self.policies / f"{index}.release").write_text(TIDY)
        self.run_in(self.policies, "git", "add", "-A")
        self.run_in(self.policies, "pre-commit", "run", "--all-files")


if __name__ == "__main__":
    os.environ.pop("GIT_DIR", None)
    unittest.main(argv=sys.argv[:1])
