"""The sidecar killed in mid canary: the route stays, nothing is raised, a rollback still works, and
a sidecar that comes back writes it down."""
import os
import time

import harness
from harness import DeploymentTest


class SidecarDies(DeploymentTest):
    def test_rollback_without_a_sidecar_is_journaled_later(self):
        load = self.start_canary()
        self.sidecar.kill()
        self.candidate.fault(error_share=0.5)
        self.wait_for_share(0)
        self.assert_baseline_only()
        self.candidate.fault()
        self.sidecar.start()
        self.wait_for_phase("rolled_back")
        history = [entry["kind"] for entry in self.sidecar.history()]
        self.assertEqual(history.count("rolled_back"), 1)
        self.assertEqual(history.count("stage_entered"), 1)
        self.assert_baseline_only()
        load.finish()

    def test_nothing_is_raised_without_a_sidecar(self):
        self.deployment.start()
        self.sidecar.start()
        load = self.deployment.load(harness.RATE, 30)
        self.wait_for_share(0.2)
        self.sidecar.kill()
        # The step is full after 1 s; without a journal the share must stay for much longer.
        seen = self.watch_shares(5)
        self.assertEqual(seen, {"0.2"})
        self.sidecar.start()
        self.wait_for_share(0.5)
        load.finish()

    def test_the_same_policy_by_another_path(self):
        """A plan is the same whatever path its policy was named by."""
        self.sidecar.command[2] = os.path.relpath(self.policy, self.folder)
        self.deployment.start()
        self.sidecar.start()
        self.wait_for_share(0.2)

    def watch_shares(self, seconds):
        """Every share that requests were told within so many seconds."""
        seen = set()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen.add(self.gateway.get(user="watcher")[1]["X-Release-Share"])
        return seen


if __name__ == "__main__":
    harness.main()
