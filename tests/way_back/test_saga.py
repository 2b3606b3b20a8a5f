"""The steps of a way back against real programs and real HTTP: keys, signatures, retries, a kill in
the middle, secrets that stay where they are."""
import hashlib
import hmac
import json

import harness
from harness import WayBackTest, wait_until

KEY = "w3bhook-k3y"
NEEDS = '  needs feature "history" version "7" beside "6"'


class Saga(WayBackTest):
    def config(self, recorder):
        (self.folder / "key").write_text(KEY + "\n")
        (self.folder / "slack").write_text(recorder.url + "/slack/T0/s3cret-path\n")
        (self.folder / "pager").write_text("r0uting-key-of-fraud\n")
        return f"""
commands: [/bin/sh]
webhooks: {{hosts: ["{recorder.host}"], key: {{file: {self.folder}/key}}, timeout: 3}}
slack: {{"#ops": {{file: {self.folder}/slack}}}}
pagerduty: {{url: "{recorder.url}/pager", services: {{fraud: {{file: {self.folder}/pager}}}}}}
mlflow: {{url: "{recorder.url}/registry"}}
"""

    def steps(self, recorder):
        apply = f"echo $RELC_KEY $RELC_SUBJECT $RELC_VERSION >> {self.folder}/applied"
        return f"""
    revert feature "history" to "6" by command ["/bin/sh", "-c", "{apply}"]
    notify by webhook "{recorder.url}/hook"
    revert alias "scorer@champion" to "12" by mlflow
    notify slack "#ops", pagerduty "fraud"
    report "postmortem.md"
    quarantine candidate
"""

    def test_everyone_is_told_once_and_no_secret_leaves(self):
        refusals = iter([503, 429])
        recorder = self.recorder(
            lambda request: (next(refusals, 200), "ok") if request["path"] == "/hook"
            else (200, "ok"))
        run = self.relc(self.steps(recorder), self.config(recorder), NEEDS)
        back = self.roll_back(run)
        run.wait_for("quarantined")

        applied = (self.folder / "applied").read_text().split("\n")
        self.assertEqual(len(applied), 2, "the command ran once")
        key, subject, version = applied[0].split(" ")
        self.assertEqual((subject, version), ("history", "6"))
        self.assertRegex(key, r"^checkout/\d{8}T\d{6}Z/1/1$")

        hooks = recorder.of("/hook")
        self.assertEqual(len(hooks), 3, "two tries were refused, the third was taken")
        self.assertEqual(len({h["headers"]["Idempotency-Key"] for h in hooks}), 1)
        for hook in hooks:
            expected = hmac.new(KEY.encode(), hook["body"], hashlib.sha256).hexdigest()
            self.assertEqual(hook["headers"]["X-Relc-Signature"], f"sha256={expected}")
        body = json.loads(hooks[-1]["body"])
        self.assertEqual(body["event"], "rolled_back")
        self.assertEqual(body["summary"], back["because"])
        self.assertEqual(body["attempt"], 3)

        self.check_alias(recorder)
        self.check_slack(recorder)
        self.check_pager(recorder)
        written = run.everything_written()
        for secret in (KEY, "s3cret-path", "r0uting-key"):
            self.assertNotIn(secret.encode(), written)

    def check_alias(self, recorder):
        moves = recorder.of("/registry/api/2.0/mlflow/registered-models/alias")
        self.assertEqual([json.loads(m["body"]) for m in moves],
                         [{"name": "scorer", "alias": "champion", "version": "12"}])

    def check_slack(self, recorder):
        """What Slack's Block Kit demands of an incoming webhook."""
        messages = recorder.of("/slack/T0/s3cret-path")
        self.assertEqual(len(messages), 1)
        message = json.loads(messages[0]["body"])
        self.assertIn("checkout of scorer was rolled back", message["text"])
        kinds = [block["type"] for block in message["blocks"]]
        self.assertEqual(kinds, ["header", "section", "section", "context"])
        self.assertEqual(message["blocks"][0]["text"]["type"], "plain_text")
        self.assertLessEqual(len(message["blocks"][0]["text"]["text"]), 150)
        self.assertLessEqual(len(message["blocks"][1]["text"]["text"]), 3000)
        self.assertLessEqual(len(message["blocks"][2]["fields"]), 10)
        for field in message["blocks"][2]["fields"]:
            self.assertEqual(field["type"], "mrkdwn")

    def check_pager(self, recorder):
        """What PagerDuty's Events API v2 demands."""
        pages = recorder.of("/pager")
        self.assertEqual(len(pages), 1)
        page = json.loads(pages[0]["body"])
        self.assertEqual(page["routing_key"], "r0uting-key-of-fraud")
        self.assertEqual(page["event_action"], "trigger")
        self.assertLessEqual(len(page["dedup_key"]), 255)
        self.assertRegex(page["dedup_key"], r"^checkout/\d{8}T\d{6}Z/1$")
        payload = page["payload"]
        self.assertIn(payload["severity"], ("critical", "error", "warning", "info"))
        self.assertLessEqual(len(payload["summary"]), 1024)
        for field in ("source", "timestamp", "component", "class"):
            self.assertTrue(payload[field])

    def test_a_kill_in_the_middle_repeats_nothing_that_is_done(self):
        open_gate = []
        recorder = self.recorder(lambda request: (200 if open_gate else 503, "later")
                                 if request["path"] == "/hook" else (200, "ok"))
        run = self.relc(self.steps(recorder), self.config(recorder), NEEDS)
        self.roll_back(run)
        run.wait_for("action_done", 2)
        wait_until("a refused try", lambda: recorder.of("/hook"))
        run.kill()
        open_gate.append(True)
        run.start()
        run.wait_for("quarantined")
        self.assertEqual(len((self.folder / "applied").read_text().split()), 3)
        self.assertEqual(len(recorder.of("/slack/T0/s3cret-path")), 1)
        self.assertEqual(len(recorder.of("/pager")), 1)
        keys = {r["headers"]["Idempotency-Key"] for r in recorder.of("/hook")}
        self.assertEqual(len(keys), 1, "the next life tries with the key of the first")

    def test_a_step_that_cannot_be_done_is_told_and_stops_nothing(self):
        recorder = self.recorder()
        steps = f"""
    revert feature "history" to "6" by command ["/bin/sh", "-c", "echo no disk; exit 3"] retry 1
    notify by webhook "{recorder.url}/hook"
    report "postmortem.md"
"""
        run = self.relc(steps, self.config(recorder), NEEDS)
        self.roll_back(run)
        run.wait_for("action_failed")
        run.wait_for("action_done", 4)  # hook, report, and both again
        alert = [a for a in run.decisions("alerted") if "by hand" in a["because"]]
        self.assertEqual(len(alert), 1)
        bodies = [json.loads(r["body"]) for r in recorder.of("/hook")]
        self.assertEqual(len(bodies), 2)
        self.assertIn("Somebody has to do by hand", bodies[1]["summary"])
        self.assertIn("no disk", bodies[1]["summary"], "what the command said is in it")
        self.assertNotEqual(bodies[0]["key"], bodies[1]["key"])


if __name__ == "__main__":
    harness.main()
