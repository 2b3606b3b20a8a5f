"""Waves by a region header: each wave gives its regions the candidate and keeps those before it, is
judged by its own evidence, and a failure takes all of them back."""
import harness
from harness import POLICIES, DeploymentTest, wait_until


class Waves(DeploymentTest):
    policy = POLICIES / "waves.release"
    release = "e2e_waves"

    def arms(self):
        """Region to (variant, reason, share)."""
        told = {}
        for region in ("eu", "us", "apac", "mars"):
            _, headers, _ = self.gateway.get(user="watcher", region=region)
            told[region] = tuple(headers[f"X-Release-{name}"]
                                 for name in ("Variant", "Reason", "Share"))
        return told

    def candidates(self):
        return {region for region, told in self.arms().items() if told[0] == "candidate"}

    def samples(self):
        return next(row["samples"] for row in self.sidecar.status()["aggregates"]
                    if row["expr"].startswith("samples(candidate)"))

    def send(self, region, requests):
        for i in range(requests):
            self.gateway.get(user=f"u-{i}", region=region)

    def wave(self, regions):
        wait_until(f"the candidate in {regions}", lambda: self.candidates() == regions)

    def test_waves_widen_with_evidence_of_their_own(self):
        self.deployment.start()
        self.sidecar.start()
        self.wave({"eu"})
        self.assertEqual(self.sidecar.status()["wave"], '"eu"')
        self.assertEqual(self.arms()["eu"], ("candidate", "TARGETING_MATCH", "1"))
        self.assertEqual(self.arms()["us"], ("baseline", "STATIC", "0"))
        # Requests of a region that is not reached move nothing.
        self.send("us", 40)
        self.assertEqual(self.candidates(), {"eu"})
        self.send("eu", 30)
        self.wave({"eu", "us"})
        # The second wave begins to count when it begins.
        self.assertLess(self.samples(), 30)
        self.assertEqual(self.sidecar.status()["wave"], '"eu" and "us"')
        self.send("us", 30)
        self.wave({"eu", "us", "apac", "mars"})
        steps = [entry for entry in self.sidecar.history() if entry["kind"] == "step_advanced"]
        self.assertEqual(len(steps), 2)

    def test_a_failing_wave_goes_back_everywhere(self):
        self.deployment.start()
        self.sidecar.start()
        self.wave({"eu"})
        self.send("eu", 30)
        self.wave({"eu", "us"})
        self.candidate.fault(error_share=1)
        self.send("us", 30)
        self.wait_for_phase("rolled_back")
        self.assertEqual(self.candidates(), set())

    def test_an_unbound_segment_is_refused(self):
        self.deployment.baseline.port = 1  # nothing is proxied here
        self.deployment.candidate.port = 2
        self.gateway.write_config(
            release=self.deployment.release_directives(release_segment=None))
        code, text = self.gateway.test()
        self.assertNotEqual(code, 0)
        self.assertIn("segment `region` of", text)


if __name__ == "__main__":
    harness.main()
