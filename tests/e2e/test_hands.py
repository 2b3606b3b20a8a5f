"""What people order over the control socket, on live traffic: a pause holds the share, a promotion
goes through the journal, a rollback by hand is at once, and the record names who and why."""
import getpass
import json
import subprocess

import harness
from harness import DeploymentTest


class Hands(DeploymentTest):
    def order(self, verb, *words, why="a test"):
        """Gives an order; its exit code and its JSON, or the refusal's text."""
        code, out, errors = self.sidecar.relc(verb, *words, "--why", why, "--format", "json")
        return code, json.loads(out) if out else errors

    def test_pause_promote_and_rollback_by_hand(self):
        self.deployment.start()
        self.sidecar.start()
        load = self.deployment.load(harness.RATE, 60)
        self.wait_for_share(0.2)
        code, order = self.order("pause", why="the on-call changes")
        self.assertEqual((code, order["outcome"]), (0, "done"))
        share = self.gateway.get(user="watcher")[1]["X-Release-Share"]
        # Nothing is raised while paused, and a promotion is refused.
        code, order = self.order("promote")
        self.assertEqual((code, order["outcome"]), (1, "refused"))
        self.assertIn("paused", order["detail"])
        self.assertEqual(self.gateway.get(user="watcher")[1]["X-Release-Share"], share)

        self.assertEqual(self.order("resume")[0], 0)
        self.wait_for_share(0.5)
        code, order = self.order("rollback", why="customers complain")
        self.assertEqual(code, 0)
        self.wait_for_share(0)
        self.assert_baseline_only()
        self.wait_for_phase("rolled_back")
        entry = self.wait_for_kind("rolled_back")
        self.assertEqual(entry["actor"], getpass.getuser())
        self.assertEqual(entry["because"], "customers complain")
        self.assertEqual(self.wait_for_kind("paused")["because"], "the on-call changes")
        load.finish()
        self.assert_replays("rolled_back")

    def assert_replays(self, kind):
        """The decisions come out of the recorded ticks again, bit for bit; one of this kind too."""
        relc = harness.build_dir() / "bin" / "relc"

        def replayed():
            done = subprocess.run([relc, "replay", self.deployment.state, "--format", "json"],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            report = json.loads(done.stdout)
            return report if report["unproven"] == 0 else None
        report = harness.wait_until("the last ticks to be on disk", replayed, 10)
        kinds = [entry["kind"] for entry in self.sidecar.history()]
        self.assertIn(kind, kinds)
        self.assertGreater(report["ticks"], 10)
        self.assertGreater(report["same"], 3)
        self.assertEqual(report["difference"], "")

    def test_an_override_keeps_a_rollback_away_and_ends(self):
        load = self.start_canary()
        code, refused = self.order("override", "nobody", "until", "2100-01-01T00:00:00Z")
        self.assertEqual(code, 1)
        self.assertIn("no trigger", refused)
        trigger = self.sidecar.status()["triggers"][0]["name"]
        code, refused = self.order("override", trigger, "until", "2000-01-01T00:00:00Z")
        self.assertEqual((code, refused["outcome"]), (1, "refused"))
        code, order = self.order("override", trigger, "until", "2100-01-01T00:00:00Z")
        self.assertEqual((code, order["outcome"]), (1, "refused"))  # more than 30 days
        load.finish()


class Checklist(DeploymentTest):
    """Nothing goes out before somebody of the team has approved it, and everybody gets it only after
    the stage was reviewed; `relc status` says who is waited for."""

    policy = harness.POLICIES / "checklist.release"

    def test_a_release_waits_for_people(self):
        config = self.folder / "relc.yaml"
        config.write_text(f"teams: {{ ops: {{ users: [{getpass.getuser()}] }} }}\n")
        self.sidecar.command += ["--config", config]
        self.deployment.start()
        self.sidecar.start()
        load = self.deployment.load(harness.RATE, 60)
        point = self.sidecar.status()["checklist"][0]
        self.assertFalse(point["passed"])
        self.assertIn(getpass.getuser(), point["missing"])
        self.assert_baseline_only()
        self.assertEqual(self.sidecar.relc("approve", "--why", "the numbers are good")[0], 0)
        self.wait_for_share(0.2)

        def waits_for_review():
            review = self.sidecar.status()["checklist"][1]
            return review["stage"] == "canary" and not review["passed"]
        self.assertTrue(waits_for_review())
        self.wait_for_kind("resumed")
        self.assertEqual(self.sidecar.relc("review", "--why", "looked at it")[0], 0)
        self.wait_for_share(1)
        self.assertEqual(self.wait_for_kind("reviewed")["actor"], getpass.getuser())
        load.finish()


if __name__ == "__main__":
    harness.main()
