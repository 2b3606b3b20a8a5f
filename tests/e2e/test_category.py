"""A category read from a response header, over the newest requests of each region: what the baseline
says in the same region is shared, what it says in another one is no excuse."""
import harness
from harness import POLICIES, DeploymentTest, HandledServer, bucket_of, wait_until


class DecidingServer(HandledServer):
    """Says `fraud` in its regions and `fine` in the others."""

    def __init__(self, port, regions):
        def answer(request):
            request.send_response(200)
            fraud = request.headers.get("X-Region") in regions
            request.send_header("X-Decision", "fraud" if fraud else "fine")
            request.send_header("Content-Length", "0")
            request.end_headers()
        super().__init__(port, answer)


class Category(DeploymentTest):
    policy = POLICIES / "category.release"
    release = "e2e_category"

    def start_deciding(self, baseline, candidate):
        self.deployment.start()
        self.sidecar.start()
        self.wait_for_share(0.5)
        for server, regions in ((self.deployment.baseline, baseline), (self.candidate, candidate)):
            server.stop()
            deciding = DecidingServer(server.port, regions)
            self.addCleanup(deciding.stop)

    def send(self, region, requests, arm=None):
        """To one arm: from users whose bucket is on its side of the half."""
        sent = user = 0
        while sent < requests:
            user += 1
            of = "candidate" if bucket_of(f"u-{user}", self.release) < 500_000 else "baseline"
            if arm in (None, of):
                self.gateway.get(user=f"u-{user}", region=region)
                sent += 1

    def test_another_region_of_the_baseline_is_no_excuse(self):
        self.start_deciding(baseline={"eu"}, candidate={"us"})
        self.send("eu", 80)
        self.send("mars", 10)
        wait_until("the region nobody declared is counted",
                   lambda: self.sidecar.status()["segments"][0]["other"] >= 10)
        self.send("us", 80)
        self.wait_for_phase("rolled_back")
        because = self.wait_for_kind("rolled_back")["because"]
        self.assertIn('share(candidate.decision == "fraud")', because)
        self.assertIn("region us was 100%", because)

    def test_the_same_region_of_both_holds(self):
        self.start_deciding(baseline={"us"}, candidate={"us"})
        # The candidate is asked once as much is known of the baseline.
        self.send("us", 30, "baseline")
        self.send("us", 30, "candidate")
        self.wait_for_kind("shared_degradation")
        self.assertEqual(self.sidecar.status()["phase"], "running")
        self.assertTrue(self.sidecar.status()["held"])


if __name__ == "__main__":
    harness.main()
