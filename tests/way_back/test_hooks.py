"""Hooks of stages with real programs and real HTTP: what the command and the webhook are told, that
a stage waits for them, and that a kill in the middle repeats nothing that was done."""
import json

import harness
from harness import RelcRun, WayBackTest, wait_until

POLICY = """
model scorer {
  baseline  = mlflow("scorer/12")
  candidate = mlflow("scorer/13")
}
metric failed  : flag     per request, lower is better
metric latency : duration per request, lower is better
segment region in { "eu", "us" }

release checkout of scorer {
  owner "risk-ml"
  unknown { source_error: hold up to 15m then alert; no_data: hold; insufficient: hold }
  rollback when rate(candidate.failed) > 20%% over 2s in any region with at least 20 samples
  stage canary: steps 25%% for 2s {
%(canary)s
  }
  stage live: 100%% {
    soak 2s
%(live)s
  }
}
"""


class Hooks(WayBackTest):
    def relc_with(self, recorder, canary, live):
        config = f"commands: [/bin/sh]\nwebhooks: {{hosts: [\"{recorder.host}\"], timeout: 3}}\n"
        run = RelcRun(self.folder, POLICY % {"canary": canary, "live": live}, config)
        self.addCleanup(run.stop)
        return run

    def log_of(self, name):
        file = self.folder / name
        return file.read_text().split("\n")[:-1] if file.exists() else []

    def command(self, name):
        script = f"echo $RELC_EVENT $RELC_STAGE $RELC_KEY >> {self.folder}/{name}"
        return f'command ["/bin/sh", "-c", "{script}"]'

    def test_a_stage_waits_for_a_command_and_a_webhook(self):
        ready = []
        recorder = self.recorder(lambda request: (200 if ready else 503, "later"))
        run = self.relc_with(
            recorder,
            canary=f"    before {self.command('warmed')} within 1m\n"
                   f"    after {self.command('over')}",
            live=f'    before webhook "{recorder.url}/scale" within 1m')
        run.begin()
        run.wait_for("stage_entered")
        warmed = self.log_of("warmed")
        self.assertEqual(len(warmed), 1, "before the stage, once")
        event, stage, key = warmed[0].split(" ")
        self.assertEqual((event, stage), ("before_stage", "canary"))
        self.assertRegex(key, r"^checkout/\d{8}T\d{6}Z/0/1$")

        wait_until("two tries", lambda: len(recorder.of("/scale")) >= 2)
        status = run.status()
        self.assertEqual(status["stage"], "canary")
        self.assertEqual(status["share"], 0.25)

        # Between two tries it says why the last one failed.
        def told():
            rows = run.status()["checklist"]
            waiting = [row for row in rows if row["due"] and not row["passed"]]
            self.assertEqual([row["point"] for row in waiting], ["before live"])
            return "failed" in waiting[0]["missing"]
        wait_until("the failure in the status", told)
        self.assertEqual(self.log_of("over"), [], "its stage is not left")
        ready.append(True)
        run.wait_for("completed")
        bodies = [json.loads(request["body"]) for request in recorder.of("/scale")]
        self.assertEqual({body["event"] for body in bodies}, {"before_stage"})
        self.assertEqual({body["stage"] for body in bodies}, {"live"})
        self.assertEqual(len({body["key"] for body in bodies}), 1)
        self.assertEqual([line.split(" ")[:2] for line in self.log_of("over")],
                         [["after_stage", "canary"]])

    def test_a_kill_in_the_middle_repeats_nothing_that_is_done(self):
        ready = []
        recorder = self.recorder(lambda request: (200 if ready else 503, "later"))
        run = self.relc_with(recorder, canary=f"    before {self.command('warmed')}",
                             live=f'    before webhook "{recorder.url}/scale" within 1m')
        run.begin()
        wait_until("a refused try", lambda: recorder.of("/scale"))
        run.kill()
        ready.append(True)
        run.begin()
        run.wait_for("completed")
        self.assertEqual(len(self.log_of("warmed")), 1)
        keys = {request["headers"]["Idempotency-Key"] for request in recorder.of("/scale")}
        self.assertEqual(len(keys), 1, "the next life tries with the key of the first")
        done = len(recorder.of("/scale"))
        run.kill()
        run.begin()
        wait_until("the release is settled", lambda: run.status()["settled"])
        self.assertEqual(len(recorder.of("/scale")), done)

    def test_a_hook_that_fails_takes_the_release_back_when_the_policy_says_so(self):
        recorder = self.recorder(lambda request: (409, "no capacity"))
        run = self.relc_with(recorder, canary="    soak 1s",
                             live=f'    before webhook "{recorder.url}/scale" otherwise withdraw '
                                  '"capacity is not there"')
        run.begin()
        back = run.wait_for("withdrawn")[0]
        self.assertIn("capacity is not there", back["because"])
        self.assertIn("no capacity", back["because"])
        self.assertEqual(back["actor"], "relc")
        self.assertEqual(len(recorder.of("/scale")), 1, "what cannot succeed is not tried again")


if __name__ == "__main__":
    harness.main()
