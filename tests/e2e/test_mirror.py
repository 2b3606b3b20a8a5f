"""The mirror stage: shadows are observed in their own lane, and no client waits for one longer than
its bounded timeout."""
import harness
from harness import MIRROR, DeploymentTest, wait_until

TIMEOUT_MS = 50
SHADOW = """location = /shadow {
            internal;
            if ($release_shadow = "") { return 204; }
            proxy_connect_timeout 50ms;
            proxy_read_timeout %dms;
            proxy_set_header X-Release-Id $release_id;
            proxy_set_header X-Release-Lane shadow;
            proxy_pass http://$release_shadow/score$is_args$args;
        }""" % TIMEOUT_MS


class Mirror(DeploymentTest):
    policy = MIRROR
    release = "e2e_mirror"

    def start_shadow(self):
        self.deployment.start(release=self.deployment.release_directives(release_segment=None),
                              location="mirror /shadow;", server=SHADOW)
        self.sidecar.start()
        load = self.deployment.load(harness.RATE, 20)
        wait_until("the shadow stage", lambda: self.sidecar.status()["mirror"] == 1)
        return load

    def aggregate(self, start):
        return next(row for row in self.sidecar.status()["aggregates"]
                    if row["expr"].startswith(start))

    def test_shadows_are_observed_and_nobody_sees_them(self):
        load = self.start_shadow()
        wait_until("shadow scores",
                   lambda: self.aggregate("mean(candidate.score)")["samples"] > 200)
        score = self.aggregate("mean(candidate.score)")
        self.assertTrue(0 < score["value"] < 1, score)
        self.assertEqual(self.aggregate("rate(candidate.failed)")["value"], 0)
        _, records = load.finish()
        self.assertEqual({record["variant"] for record in records}, {"baseline"})
        self.assertEqual({record["status"] for record in records}, {200})

    def test_a_slow_shadow_delays_nobody_beyond_its_timeout(self):
        load = self.start_shadow()
        self.candidate.fault(latency_ms=2000)
        wait_until("shadows without an answer are failures",
                   lambda: (self.aggregate("rate(candidate.failed)")["value"] or 0) > 0.9)
        wait_until("shadows past their timeout are no answers, and hold the stage",
                   lambda: "candidate.silent" in (self.sidecar.status()["held_because"] or ""))
        # What failed is the shadow's lane alone.
        self.assertEqual(self.aggregate("rate(baseline.failed)")["value"], 0)
        _, records = load.finish()
        self.assertEqual({record["status"] for record in records}, {200})
        # The next request of a connection may wait for the shadow before it: the timeout, and
        # room for a busy machine, but never the shadow's two seconds.
        self.assertLess(max(record["latency_ms"] for record in records), 1000)

    def test_a_dead_shadow_costs_nothing(self):
        load = self.start_shadow()
        self.candidate.kill()
        wait_until("refused shadows are failures",
                   lambda: (self.aggregate("rate(candidate.failed)")["value"] or 0) > 0.9)
        _, records = load.finish()
        self.assertEqual({record["status"] for record in records}, {200})


if __name__ == "__main__":
    harness.main()
