"""An edited policy of a release that runs: refused by name, taken up when it is safe, and replayed
bit for bit across the edit."""
import json
import subprocess

import harness
from harness import WayBackTest, wait_until


class Edit(WayBackTest):
    def relc_with_policy(self):
        run = self.relc('    notify by command ["/bin/true"]\n', "commands: [/bin/true]\n")
        run.begin()
        run.wait_for("step_advanced")
        run.stop()
        return run

    def edit(self, *pairs):
        policy = self.folder / "p.release"
        text = policy.read_text()
        for before, after in pairs:
            self.assertIn(before, text)
            text = text.replace(before, after)
        policy.write_text(text)

    def try_to_run(self, run, *arguments):
        return subprocess.run(
            [harness.build_dir() / "bin" / "relc", "run", self.folder / "p.release", "--state",
             run.state, "--events", "/dev/null", "--config", self.folder / "relc.yaml", *arguments],
            capture_output=True, text=True, timeout=60)

    def test_a_safe_edit_is_taken_up_and_replayed(self):
        run = self.relc_with_policy()
        self.edit(("> 20%", "> 15%"), ("50% for 60s", "50% for 90s"),
                  ('["/bin/true"]', '["/bin/true"]\n    report "postmortem.md"'))
        refused = self.try_to_run(run)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("safe:     tightened: rollback when rate(candidate.failed) > 15%",
                      refused.stderr)
        self.assertIn("all of it is safe", refused.stderr)

        run.start_arguments = ["--edit", "too late at 20%"]
        run.begin()
        told = (self.folder / "err").read_text()
        self.assertIn("raised: step 2 of canary 1m30s (it was 1m)", told)
        self.assertIn("added to the way back: report", told)
        status = run.status()
        self.assertEqual((status["stage"], status["share"]), ("canary", 0.5))
        edited = run.decisions("overridden") or [
            line for line in map(json.loads, run.ask("history", "--format", "json").splitlines())
            if line["kind"] == "overridden"]
        self.assertIn("too late at 20%", edited[0]["because"])
        self.assertNotEqual(edited[0]["actor"], "relc")
        self.assertIn("edit", run.ask("audit"))

        run.failed_share = 0.5
        run.wait_for("rolled_back")
        self.assertIn("> 15%", run.decisions("rolled_back")[0]["rule"])
        wait_until("the ticks to be on disk", lambda: "under 2 plans" in self.replay(run))
        run.stop()
        self.assertIn("under 2 plans, one after the other", self.replay(run))

    def replay(self, run):
        done = subprocess.run([harness.build_dir() / "bin" / "relc", "replay", run.state],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_an_edit_that_is_not_safe_is_refused(self):
        run = self.relc_with_policy()
        self.edit(("> 20%", "> 30%"), ("50% for 60s", "60% for 60s"))
        refused = self.try_to_run(run, "--edit", "in a hurry")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("decides:   trigger gone: rollback when rate(candidate.failed) > 20%",
                      refused.stderr)
        self.assertIn("decides:   stage canary", refused.stderr)
        self.edit(("> 30%", "> 20%"), ("60% for 60s", "50% for 60s"))
        run.begin()
        self.assertIn("refused", run.ask("audit"))
        self.assertEqual(run.status()["share"], 0.5)


if __name__ == "__main__":
    harness.main()
