"""Reloads in mid canary: a good one keeps stage and share, a bad one is refused and the traffic
goes on, and an edit never changes a running release."""
import re

import harness
from harness import CANARY, DeploymentTest, wait_until


class Reload(DeploymentTest):
    def copied_policy(self, name, edit=lambda text: text):
        path = self.folder / name
        text = CANARY.read_text().replace("../../../examples", str(harness.SOURCE / "examples"))
        path.write_text(edit(text))
        return path

    def assert_undisturbed(self, load, workers):
        """The old workers serve at the old share, and no request failed."""
        self.assertEqual(self.gateway.worker_pids(), workers)
        self.assertEqual(self.gateway.get(user="watcher")[1]["X-Release-Share"], "0.5")
        summary, _ = load.finish()
        self.assertEqual(summary["failed"], 0)

    def test_a_good_reload_keeps_the_release(self):
        load = self.start_canary()
        before = self.gateway.worker_pids()
        clock = self.sidecar.status()["stage_clock_s"]
        self.gateway.reload()
        wait_until("new workers serve", lambda: len(self.gateway.worker_pids()) == 3
                   and not set(before) & set(self.gateway.worker_pids()))
        status, headers, _ = self.gateway.get(user="watcher")
        self.assertEqual((status, headers["X-Release-Share"], headers["X-Release-Stage"]),
                         (200, "0.5", "canary"))
        self.assertGreaterEqual(self.sidecar.status()["stage_clock_s"], clock)
        self.candidate.fault(error_share=0.5)
        self.wait_for_phase("rolled_back")
        self.assert_baseline_only()
        _, records = load.finish()
        self.assertEqual([record for record in records if record["status"] == 0], [])

    def test_a_bad_policy_is_refused_and_traffic_goes_on(self):
        load = self.start_canary()
        workers = self.gateway.worker_pids()
        broken = self.copied_policy("broken.release", lambda text: text.replace("150ms", "150pp"))
        self.gateway.write_config(release=self.deployment.release_directives(policy=broken))
        self.gateway.reload()
        wait_until("the diagnostic is in the log",
                   lambda: re.search(rf"{broken}:\d+:\d+:", self.gateway.log()))
        self.assert_undisturbed(load, workers)

    def test_an_edit_of_a_running_release_is_refused(self):
        policy = self.copied_policy("policy.release")
        self.deployment.policy = policy
        self.sidecar.command[2] = policy
        load = self.start_canary(release=self.deployment.release_directives(policy=policy))
        workers = self.gateway.worker_pids()
        self.copied_policy("policy.release", lambda text: text.replace("20% for 1s", "40% for 1s"))
        code, text = self.gateway.test()
        self.assertNotEqual(code, 0)
        self.assertIn("an edit never changes a running release", text)
        self.gateway.reload()
        wait_until("the refusal is in the log",
                   lambda: "an edit never changes a running release" in self.gateway.log())
        self.assert_undisturbed(load, workers)

    def test_a_safe_edit_is_taken_up_without_a_jump(self):
        policy = self.copied_policy("policy.release")
        self.deployment.policy = policy
        self.sidecar.command[2] = policy
        load = self.start_canary(release=self.deployment.release_directives(policy=policy))
        before = self.gateway.worker_pids()
        self.copied_policy("policy.release", lambda text: text.replace("50% for 10m",
                                                                       "50% for 11m"))
        self.sidecar.stop()
        self.sidecar.command += ["--edit", "the second step was too short"]
        self.sidecar.start()
        self.assertEqual(self.gateway.get(user="watcher")[1]["X-Release-Share"], "0.5")
        self.gateway.reload()
        wait_until("new workers serve", lambda: len(self.gateway.worker_pids()) == 3
                   and not set(before) & set(self.gateway.worker_pids()))
        _, headers, _ = self.gateway.get(user="watcher")
        self.assertEqual((headers["X-Release-Share"], headers["X-Release-Stage"]),
                         ("0.5", "canary"))
        edit = self.wait_for_kind("overridden")
        self.assertIn("the second step was too short", edit["because"])
        self.candidate.fault(error_share=0.5)
        self.wait_for_phase("rolled_back")
        summary, _ = load.finish()
        self.assertIsNotNone(summary)

    def test_after_its_end_another_plan_begins_at_the_baseline(self):
        policy = self.copied_policy("policy.release")
        self.deployment.policy = policy
        self.sidecar.command[2] = policy
        self.start_canary(release=self.deployment.release_directives(policy=policy))
        self.candidate.fault(error_share=0.5)
        self.wait_for_phase("rolled_back")
        self.copied_policy("policy.release", lambda text: text.replace("20% for 1s", "40% for 1s"))
        before = self.gateway.worker_pids()
        self.gateway.reload()
        wait_until("new workers serve", lambda: len(self.gateway.worker_pids()) == 3
                   and not set(before) & set(self.gateway.worker_pids()))
        _, headers, _ = self.gateway.get(user="watcher")
        self.assertEqual((headers["X-Release-Share"], headers["X-Release-Variant"]),
                         ("0", "baseline"))
        self.assertNotIn("serving the baseline", self.gateway.log())


if __name__ == "__main__":
    harness.main()
