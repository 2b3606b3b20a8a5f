"""Forced routes and an audience: who is sent where whatever the key, that a rollback beats it, and
that neither those who are forced nor those outside are evidence."""
import harness
from harness import POLICIES, DeploymentTest, bucket_of, wait_until


class Routes(DeploymentTest):
    policy = POLICIES / "routes.release"
    release = "e2e_routes"

    def setUp(self):
        super().setUp()
        self.directives = self.deployment.release_directives(release_segment=None)

    def ask(self, user="u", **headers):
        """(variant, reason, share) that the gateway told of one request."""
        _, told, _ = self.gateway.get(user=user, **headers)
        return tuple(told[f"X-Release-{name}"] for name in ("Variant", "Reason", "Share"))

    def start_routes(self):
        self.deployment.start(release=self.directives)
        self.sidecar.start()
        wait_until("half of the audience", lambda: self.ask(X_Tier="beta")[2] == "0.5")

    def counters(self):
        return self.sidecar.status()["counters"]

    def test_who_is_sent_where(self):
        self.start_routes()
        for i in range(60):
            user = f"user-{i}"
            expected = "candidate" if bucket_of(user, self.release) < 500_000 else "baseline"
            self.assertEqual(self.ask(user, X_Tier="beta"), (expected, "SPLIT", "0.5"))
            # Outside the audience, the share is nobody's.
            self.assertEqual(self.ask(user), ("baseline", "DEFAULT", "0"))
            self.assertEqual(self.ask(user, X_Tier="gold"), ("baseline", "DEFAULT", "0"))
            # Forced, whatever the bucket, the audience or the key.
            self.assertEqual(self.ask(user, X_Insider="1")[:2], ("candidate", "TARGETING_MATCH"))
            self.assertEqual(self.ask(user, X_Tier="beta", Cookie="a=1; pin=baseline")[:2],
                             ("baseline", "TARGETING_MATCH"))
        self.assertEqual(self.ask(None, X_Insider="1")[:2], ("candidate", "TARGETING_MATCH"))
        # Both terms must hold, and the first route that applies decides.
        self.assertEqual(self.ask("g", X_Insider="1", X_Team="guests")[:2],
                         ("baseline", "DEFAULT"))
        self.assertEqual(self.ask("g", X_Insider="1", Cookie="pin=baseline")[:2],
                         ("baseline", "TARGETING_MATCH"))

    def test_the_forced_and_the_outside_are_no_evidence(self):
        self.start_routes()
        before = self.counters()
        self.candidate.fault(error_share=1)
        for i in range(40):
            self.assertEqual(self.ask(f"i-{i}", X_Insider="1")[0], "candidate")
            self.ask(f"o-{i}")
        wait_until("ticks that see it",
                   lambda: self.counters()["ticks"] > before["ticks"] + 5)
        after = self.counters()
        for kind in ("requests_forced", "requests_outside"):
            self.assertGreaterEqual(after[kind], before[kind] + 40)
        for kind in ("requests_candidate", "requests_baseline"):
            self.assertEqual(after[kind], before[kind])
        self.assertEqual(self.sidecar.status()["phase"], "running")

    def test_a_rollback_beats_a_forced_route(self):
        self.deployment.start(release=self.directives)
        # Not begun: nobody gets the candidate.
        self.assertEqual(self.ask(X_Insider="1")[:2], ("baseline", "DEFAULT"))
        self.sidecar.start()
        wait_until("half of the audience", lambda: self.ask(X_Tier="beta")[2] == "0.5")
        self.candidate.fault(error_share=1)
        beta = [f"user-{i}" for i in range(200) if bucket_of(f"user-{i}", self.release) < 500_000]
        for user in beta[:60]:
            self.ask(user, X_Tier="beta")
        self.wait_for_phase("rolled_back")
        self.assertEqual(self.ask(X_Insider="1")[:2], ("baseline", "DEFAULT"))


if __name__ == "__main__":
    harness.main()
