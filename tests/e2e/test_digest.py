"""`serves digest by header`: a candidate that turns out to be another model goes back at its first
answer; a baseline that is another one holds the release."""
import harness
from harness import POLICIES, DeploymentTest, wait_until
from deployment import MODELS


class Digest(DeploymentTest):
    policy = POLICIES / "digest.release"
    release = "e2e_digest"

    def start_digest(self):
        self.deployment.start(release=self.deployment.release_directives(release_segment=None))
        self.sidecar.start()

    def serve(self, server, model):
        server.command[server.command.index("--model") + 1] = MODELS / model

    def send(self, requests):
        for i in range(requests):
            self.gateway.get(user=f"u-{i}")

    def count(self, arm):
        return next(row for row in self.sidecar.status()["aggregates"]
                    if row["expr"].startswith(f"count({arm}.other_digest)"))

    def test_the_pinned_models_go_on(self):
        self.start_digest()
        self.wait_for_share(0.5)
        self.send(40)
        wait_until("answers are checked", lambda: self.count("candidate")["samples"] > 5)
        self.assertEqual(self.count("candidate")["value"], 0)
        self.assertEqual(self.count("baseline")["value"], 0)
        self.assertEqual(self.sidecar.status()["phase"], "running")
        self.assertFalse(self.sidecar.status()["held"])

    def test_another_candidate_goes_back(self):
        self.serve(self.candidate, "fraud_v12.json")
        self.start_digest()
        self.wait_for_share(0.2)
        self.send(40)
        self.wait_for_phase("rolled_back")
        decision = self.wait_for_kind("rolled_back")
        self.assertEqual(decision["rule"], 'serves digest by header "X-Model-Digest"')
        self.assertIn("count(candidate.other_digest)", decision["because"])
        self.assert_baseline_only()

    def test_another_baseline_holds(self):
        self.serve(self.deployment.baseline, "fraud_v13.json")
        self.start_digest()
        self.wait_for_share(0.2)
        self.send(20)
        status = wait_until("the release is held",
                            lambda: (lambda s: s if s["held"] else None)(self.sidecar.status()))
        self.assertIn("serves digest by header", status["held_because"])
        self.assertEqual(status["phase"], "running")

    def test_an_answer_that_does_not_say(self):
        """nginx may hide the header from clients; an upstream that leaves it out is not believed."""
        self.start_digest()
        self.wait_for_share(0.5)
        # The candidate answers from a server that knows no digest.
        self.assertEqual(self.gateway.get(user="u-1")[0], 200)
        self.candidate.stop()
        silent = harness.StubServer(self.candidate.port)
        self.addCleanup(silent.stop)
        self.send(40)
        self.wait_for_phase("rolled_back")


if __name__ == "__main__":
    harness.main()
