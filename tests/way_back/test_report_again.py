"""`relc report`: the report of a release that is on its way, and the one of a release that went back
once more, by its host and from its journal alone."""
import re
import subprocess

import harness
from harness import WayBackTest


class ReportAgain(WayBackTest):
    def report(self, *arguments):
        return subprocess.run([harness.build_dir() / "bin" / "relc", "report", "checkout",
                               *arguments], capture_output=True, text=True, timeout=60)

    def without_time(self, text):
        return re.sub(r"report written \| \S+", "report written", text)

    def test_a_release_on_its_way_and_one_that_went_back(self):
        run = self.relc('    notify by command ["/bin/true"]\n    report "postmortem.md"\n'
                        "    quarantine candidate\n", "commands: [/bin/true]\n")
        run.begin()
        run.wait_for("step_advanced")
        said = run.ask("report")
        folder = next((run.state / "reports").iterdir())
        self.assertIn(f"{folder}/postmortem.md", said)
        text = (folder / "postmortem.md").read_text()
        self.assertTrue(text.startswith("# On its way: release `checkout` of `scorer`\n\nIt has not "
                                        "gone back. "), text[:200])
        self.assertIn("| share at the last decision | 50% |", text)
        self.assertIn("step_advanced", text)
        self.assertNotIn("Open questions", text)
        self.assertIn("<svg", (folder / "postmortem.html").read_text())

        self.roll_back(run)
        run.wait_for("quarantined")
        run.kill()
        written = (folder / "postmortem.md").read_text()
        self.assertIn("# Rolled back:", written)
        (folder / "postmortem.md").unlink()
        done = self.report("--state", str(run.state))
        self.assertEqual(done.returncode, 0, done.stderr)
        again = (folder / "postmortem.md").read_text()
        first, last = self.without_time(written), self.without_time(again)
        # What came after it was written is in it now: that it was, and the quarantine.
        for line in first.split("\n"):
            if "postmortem.md" not in line:
                self.assertIn(line, last)
        self.assertIn("quarantined:", last)

        aside = self.folder / "mine" / "copy.md"
        self.assertEqual(self.report("--state", str(run.state), "--output", str(aside)).returncode, 0)
        self.assertEqual(self.without_time(aside.read_text()), last)
        self.assertTrue(aside.with_suffix(".html").exists())

    def test_what_cannot_be_written_is_said(self):
        done = self.report("--state", str(self.folder))
        self.assertEqual(done.returncode, 2)
        both = self.report("--state", "x", "--control", "unix:y")
        self.assertEqual(both.returncode, 2)
        self.assertIn("choose one", both.stderr)


if __name__ == "__main__":
    harness.main()
