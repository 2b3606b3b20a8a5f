"""What `relc emit` writes, judged by the programs it is for: promtool and a JSON reader."""
import json
import subprocess

import harness
from harness import WayBackTest, build_dir, wait_until

STEPS = """
    revert feature "history" to "6" by command ["/opt/features", "apply", "v6"] within 5m
    notify slack "#ops", pagerduty "fraud"
    escalate after 15m to pagerduty "leads"
    report "postmortem.md"
    quarantine candidate; cooldown 24h
"""
NEEDS = '  needs feature "history" version "7" beside "6"'


class Emit(WayBackTest):
    def setUp(self):
        super().setUp()
        policy = self.folder / "p.release"
        policy.write_text(harness.POLICY % {"steps": STEPS, "needs": NEEDS})
        self.policy = policy

    def emit(self, *words):
        done = subprocess.run([build_dir() / "bin" / "relc", "emit", *words],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def promtool(self, *words, text=None):
        done = subprocess.run(["promtool", *words], capture_output=True, text=True, input=text,
                              cwd=self.folder, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_rules_pass_promtool_with_their_tests(self):
        (self.folder / "rules.yml").write_text(self.emit("prometheus-rules", self.policy))
        (self.folder / "tests.yml").write_text(
            self.emit("prometheus-rules", self.policy, "--tests", "rules.yml"))
        self.assertIn("9 rules found", self.promtool("check", "rules", "rules.yml"))
        self.assertIn("SUCCESS", self.promtool("test", "rules", "tests.yml"))
        # The tests test: with a severity changed they fail.
        rules = (self.folder / "rules.yml").read_text()
        (self.folder / "rules.yml").write_text(rules.replace("critical", "info", 1))
        failed = subprocess.run(["promtool", "test", "rules", "tests.yml"], cwd=self.folder,
                                capture_output=True, text=True, timeout=60)
        self.assertNotEqual(failed.returncode, 0)

    def test_a_dashboard_reads_what_the_release_measures(self):
        board = json.loads(self.emit("grafana", self.policy))
        self.assertEqual(board["__inputs"][0]["pluginId"], "prometheus")
        panels = board["panels"]
        self.assertEqual(len({p["id"] for p in panels}), len(panels))
        places = {(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels}
        self.assertEqual(len(places), len(panels), "no panel lies on another")
        titles = [p["title"] for p in panels]
        for region in ("eu", "us"):
            panel = next(p for p in panels if f"in region {region}" in p["title"])
            self.assertEqual(len(panel["targets"]), 2, "both arms")
            self.assertIn(f'cell="region={region}"', panel["targets"][0]["expr"])
            self.assertEqual(panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"],
                             0.2)
        self.assertIn("p99(candidate.latency) over 2s", titles)
        exprs = "\n".join(t["expr"] for p in panels for t in p["targets"])
        self.assertNotIn("release=\"\"", exprs)

    def test_a_runbook_has_every_step(self):
        page = self.emit("runbook", self.policy)
        for words in ("# Runbook: release `checkout` of `scorer`", "relc rollback checkout",
                      'revert feature "history" to "6"', "tried for 5m",
                      'by hand: run "/opt/features" "apply" "v6"', "tell pagerduty \"fraud\"",
                      "after 15m, unless somebody has acknowledged",
                      "| feature `history` | 7 | 6 |", "quarantined", "for 1d"):
            self.assertIn(words, page)

    def test_metrics_of_a_running_release_pass_promtool(self):
        run = self.relc("    report \"postmortem.md\"\n", "")
        run.start()
        run.wait_for("stage_entered")
        # The decision is on disk before it takes effect.
        running = 'release_phase{release="checkout",phase="running"} 1'
        text = wait_until("the first stage", lambda: (t := run.ask("metrics")) and running in t and t)
        self.promtool("check", "metrics", text=text)
        self.assertIn('release_weight_ratio{release="checkout"} 0.25', text)
        # Every series that rules and dashboard read is there.
        names = {line.split("{")[0] for line in text.splitlines() if not line.startswith("#")}
        rules = self.emit("prometheus-rules", self.policy)
        board = json.loads(self.emit("grafana", self.policy))
        read = rules + "".join(t["expr"] for p in board["panels"] for t in p["targets"])
        for name in ("release_weight_ratio", "release_phase", "release_held", "release_aggregate",
                     "release_requests_total", "release_trigger_true", "release_journal_up",
                     "release_way_back_steps", "release_rehearsal_timestamp_seconds"):
            self.assertIn(name, read)
            if name != "release_aggregate":
                self.assertIn(name, names)


if __name__ == "__main__":
    harness.main()
