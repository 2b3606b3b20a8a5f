"""Three workers roll back by themselves: on errors, on latency, with the interpreter, and when
workers die one after another."""
import os
import signal

import harness
from harness import DeploymentTest, wait_until
from deployment import time_ns_of


class Rollback(DeploymentTest):
    def roll_back(self, **fault):
        self.candidate.fault(**fault)
        self.wait_for_phase("rolled_back")
        return self.wait_for_kind("rolled_back")

    def assert_route_followed(self, load, decision):
        """No request was sent to the candidate later than 250 ms after the verdict."""
        self.assert_baseline_only()
        _, records = load.finish()
        verdict_ns = time_ns_of(decision)
        late = [record for record in records if record["variant"] == "candidate"
                and record["sent_ns"] > verdict_ns + 250_000_000]
        self.assertEqual(late, [])
        return records

    def test_on_errors(self):
        load = self.start_canary()
        decision = self.roll_back(error_share=0.5)
        self.assertIn("rate(candidate.failed) > 5%", decision["rule"])
        self.assertEqual(decision["share"], 0)
        row = next(row for row in decision["evidence"] if "failed" in row["expr"])
        self.assertGreater(row["value"], 0.05)
        self.assertGreaterEqual(row["samples"], 40)
        records = self.assert_route_followed(load, decision)
        self.assertGreater(sum(record["status"] == 500 for record in records), 0)
        wait_until("the way back is done", lambda: self.sidecar.status()["settled"])
        kinds = [entry["kind"] for entry in self.sidecar.history()]
        self.assertEqual(kinds.count("rolled_back"), 1)
        self.assertIn("quarantined", kinds)

    def test_on_latency(self):
        load = self.start_canary()
        decision = self.roll_back(latency_ms=400)
        self.assertIn("p99(candidate.latency) > 150ms", decision["rule"])
        row = next(row for row in decision["evidence"] if "p99" in row["expr"])
        self.assertGreater(row["value"], 0.4)
        self.assert_route_followed(load, decision)

    def test_a_healthy_candidate_stays(self):
        self.start_canary()
        wait_until("five seconds at 50 %", lambda: self.sidecar.status()["step_clock_s"] > 5)
        status = self.sidecar.status()
        self.assertEqual(status["phase"], "running")
        self.assertFalse(status["held"])

    def test_interpreted(self):
        release = self.deployment.release_directives(release_evaluator="interp")
        load = self.start_canary(release=release)
        self.assert_route_followed(load, self.roll_back(error_share=0.5))

    def test_workers_that_die_are_replaced_as_evaluator(self):
        """One of the three evaluates; killing each in turn kills that one too."""
        load = self.start_canary()
        for pid in self.gateway.worker_pids():
            os.kill(pid, signal.SIGKILL)
            ticks = self.sidecar.status()["counters"]["ticks"]
            wait_until("another worker evaluates", lambda at=ticks:
                       self.sidecar.status()["counters"]["ticks"] > at + 5)
        wait_until("three workers", lambda: len(self.gateway.worker_pids()) == 3)
        self.assertEqual(self.gateway.get(user="watcher")[1]["X-Release-Share"], "0.5")
        self.assert_route_followed(load, self.roll_back(error_share=0.5))


if __name__ == "__main__":
    harness.main()
