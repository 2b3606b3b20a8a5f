"""Trying the way back without doing it: before a stage begins, and when somebody asks."""
import json

import harness
from harness import WayBackTest, wait_until

NEEDS = '  needs feature "history" version "7" beside "6"'


class Rehearsal(WayBackTest):
    def steps(self, recorder):
        exists = f"test -e {self.folder}/version-6 && echo $RELC_EVENT $RELC_VERSION"
        return f"""
    revert feature "history" to "6" by command ["/bin/sh", "-c", "touch {self.folder}/done"] probed by command ["/bin/sh", "-c", "{exists}"]
    notify by webhook "{recorder.url}/hook"
    report "postmortem.md"
"""

    def config(self, recorder):
        return f'commands: [/bin/sh]\nwebhooks: {{hosts: ["{recorder.host}"]}}\n'

    def test_a_stage_waits_until_the_way_back_is_there(self):
        recorder = self.recorder()
        run = self.relc(self.steps(recorder), self.config(recorder), NEEDS)
        run.start()
        alert = run.wait_for("alerted")[0]
        self.assertIn("the way back failed its probe", alert["because"])
        self.assertIn('failed `revert feature "history"', alert["because"])
        status = run.status()
        self.assertEqual((status["phase"], status["share"]), ("idle", 0))
        self.assertFalse(status["rehearsal"]["passed"])
        self.assertEqual(run.decisions("stage_entered"), [])

        (self.folder / "version-6").touch()
        run.wait_for("stage_entered")
        self.assertTrue(run.status()["rehearsal"]["passed"])
        self.assertEqual(len(run.decisions("alerted")), 1, "told once")
        self.assertFalse((self.folder / "done").exists(), "nothing was done")
        self.assertEqual(recorder.requests, [], "nobody was called in earnest")
        self.assertTrue(recorder.probes)
        for probe in recorder.probes:
            self.assertEqual(probe["headers"]["X-Relc-Dry-Run"], "true")
            self.assertTrue(json.loads(probe["body"])["dry_run"])

    def test_somebody_rehearses(self):
        recorder = self.recorder()
        recorder.answer_probe = lambda request: (501, "no dry runs here")
        (self.folder / "version-6").touch()
        run = self.relc(self.steps(recorder), self.config(recorder), NEEDS)
        run.start()
        wait_until("the control socket", lambda: run.control.exists())
        with self.assertRaises(AssertionError) as failed:
            run.ask("rehearse", "--why", "before the release")
        said = str(failed.exception)
        self.assertIn('ok      `revert feature "history"', said)
        self.assertIn("failed  `notify by webhook", said)
        self.assertIn("501", said)
        recorder.answer_probe = lambda request: (204, "")
        said = run.ask("rehearse", "--why", "before the release")
        self.assertIn("passed", said)
        self.assertTrue(run.status()["rehearsal"]["who"])
        self.assertFalse((self.folder / "done").exists())


if __name__ == "__main__":
    harness.main()
