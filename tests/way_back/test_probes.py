"""Points of the checklist that are asked of the world: a page, a rule of a real Prometheus, a
message that was delivered."""
import hashlib
import json
import sqlite3
import subprocess
import urllib.request

import harness
from harness import RelcRun, WayBackTest, free_port, wait_until

POLICY = """
model scorer {
  baseline  = mlflow("scorer/12")
  candidate = mlflow("scorer/13")
}
metric failed  : flag     per request, lower is better
metric latency : duration per request, lower is better
segment region in { "eu", "us" }

release checkout of scorer {
  unknown { source_error: hold up to 15m then alert; no_data: hold; insufficient: hold }
  require {
%s
  }
  rollback when rate(candidate.failed) > 20%% over 2s in any region with at least 20 samples
  stage canary: steps 25%% for 60s
  stage live: 100%% { soak 60s }
}
"""

RULES = """
groups:
- name: scorer
  rules:
  - alert: ScorerFails
    expr: vector(0) > 1
"""


class Probes(WayBackTest):
    def relc_with(self, require, config):
        run = RelcRun(self.folder, POLICY % require, config)
        self.addCleanup(run.stop)
        return run

    def point(self, run, name):
        return [row for row in run.status()["checklist"] if row["point"] == name]

    def test_a_page_is_asked_and_what_it_said_is_kept(self):
        healthy = []
        recorder = self.recorder(lambda request: (200 if healthy else 404, "the dashboard"))
        run = self.relc_with(f'    dashboards: http get "{recorder.url}/d/scorer" is 200',
                             f'probes: {{hosts: ["{recorder.host}"]}}\n')
        run.begin()
        wait_until("an answer", lambda: self.point(run, "dashboards")[0]["answered"] == "404")
        self.assertEqual(run.status()["phase"], "idle")
        healthy.append(True)
        run.stop()  # the next life asks at once
        run.begin()
        run.wait_for("stage_entered")
        asked = recorder.of("/d/scorer", "GET")
        self.assertEqual({request["body"] for request in asked}, {b""})
        journal = sqlite3.connect(self.folder / "state" / "journal.sqlite")
        kept = journal.execute("SELECT passed, answered FROM probes ORDER BY time_ns").fetchall()
        journal.close()
        digest = hashlib.sha256(b"the dashboard").hexdigest()
        self.assertEqual(kept[-1], (1, f"200, 13 bytes, sha256:{digest}"))
        self.assertIn((0, f"404, 13 bytes, sha256:{digest}"), kept)

    def test_of_a_page_that_is_cut_only_the_beginning_is_claimed(self):
        page = "x" * (300 * 1024)
        recorder = self.recorder(lambda request: (200, page))
        run = self.relc_with(f'    dashboards: http get "{recorder.url}/d" is 200',
                             f'probes: {{hosts: ["{recorder.host}"]}}\n')
        run.begin()
        run.wait_for("stage_entered")
        journal = sqlite3.connect(self.folder / "state" / "journal.sqlite")
        kept = journal.execute("SELECT answered FROM probes ORDER BY time_ns").fetchall()
        journal.close()
        kept_bytes = 256 * 1024
        digest = hashlib.sha256(page[:kept_bytes].encode()).hexdigest()
        self.assertEqual(kept[-1][0], f"200, the first {kept_bytes} bytes, sha256:{digest}")

    def test_what_is_no_prometheus_is_not_said_to_lack_the_rule(self):
        recorder = self.recorder(lambda request: (200, "<html>sign in</html>"))
        run = self.relc_with('    alerts: rule "ScorerFails" loaded',
                             f"prometheus: {recorder.url}\n")
        run.begin()
        wait_until("an answer", lambda: "not of a Prometheus" in
                   self.point(run, "alerts")[0]["answered"])
        self.assertEqual(run.status()["phase"], "idle")

    def test_a_host_that_may_not_be_asked_is_not(self):
        recorder = self.recorder()
        run = self.relc_with(f'    dashboards: http get "{recorder.url}/d" is 200', "{}\n")
        run.begin()
        row = wait_until("the refusal", lambda: [r for r in self.point(run, "dashboards")
                                                 if "probes" in r["answered"]])[0]
        self.assertIn(recorder.host, row["missing"])
        self.assertEqual(recorder.requests, [])
        self.assertEqual(run.status()["phase"], "idle")

    def test_a_rule_is_asked_for_at_a_real_prometheus(self):
        port = free_port()
        (self.folder / "rules.yml").write_text("groups: []\n")
        (self.folder / "prometheus.yml").write_text(f"rule_files: [{self.folder}/rules.yml]\n")
        with open(self.folder / "prometheus.log", "w") as log:
            server = subprocess.Popen(
                ["prometheus", f"--config.file={self.folder}/prometheus.yml",
                 f"--storage.tsdb.path={self.folder}/tsdb", "--web.enable-lifecycle",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        base = f"http://127.0.0.1:{port}"

        def is_ready():
            try:
                return urllib.request.urlopen(f"{base}/-/ready", timeout=1).status == 200
            except OSError:
                return False

        wait_until("prometheus", is_ready)
        run = self.relc_with('    alerts: rule "ScorerFails" loaded', f"prometheus: {base}\n")
        run.begin()
        wait_until("an answer", lambda: "no rule" in self.point(run, "alerts")[0]["answered"])
        self.assertEqual(run.status()["phase"], "idle")
        run.stop()
        (self.folder / "rules.yml").write_text(RULES)
        urllib.request.urlopen(urllib.request.Request(f"{base}/-/reload", method="POST"))
        run.begin()
        run.wait_for("stage_entered")
        answered = self.point(run, "alerts")[0]["answered"]
        self.assertEqual(answered, f"in group scorer of {self.folder}/rules.yml")

    def test_the_release_begins_once_the_message_was_delivered(self):
        delivered = []
        recorder = self.recorder(lambda request: (200 if delivered else 503, "ok"))
        (self.folder / "slack").write_text(recorder.url + "/slack\n")
        run = self.relc_with('    told: delivered to channel "#risk" within 5m',
                             f'slack: {{"#risk": {{file: {self.folder}/slack}}}}\n')
        run.begin()
        wait_until("a refused try", lambda: recorder.of("/slack"))
        self.assertEqual(run.status()["phase"], "idle")
        delivered.append(True)
        run.wait_for("stage_entered")
        message = json.loads(recorder.of("/slack")[-1]["body"])
        self.assertIn("checkout of scorer: about to begin", message["text"])
        told = len(recorder.of("/slack"))
        run.kill()
        run.begin()
        wait_until("the next life", lambda: run.status()["phase"] == "running")
        self.assertEqual(len(recorder.of("/slack")), told, "nobody is told twice")


if __name__ == "__main__":
    harness.main()
