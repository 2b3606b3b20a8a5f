"""The split: it follows the published share, is sticky by key, and its buckets are those of the
hash that every gateway shares."""
import collections

import harness
from harness import RATE, DeploymentTest, bucket_of


class Split(DeploymentTest):
    def test_without_a_sidecar_the_baseline_serves(self):
        self.deployment.start()
        for user in range(50):
            status, headers, _ = self.gateway.get(user=f"u-{user}")
            self.assertEqual(status, 200)
            self.assertEqual(headers["X-Release-Variant"], "baseline")
            self.assertEqual(headers["X-Release-Reason"], "DEFAULT")
            self.assertEqual(headers["X-Release-Share"], "0")

    def test_users_are_where_their_bucket_says(self):
        self.start_canary()
        reached = collections.Counter()
        for user in range(300):
            key = f"user-{user}"
            status, headers, body = self.gateway.get(user=key)
            self.assertEqual(status, 200)
            expected = "candidate" if bucket_of(key, self.release) < 500_000 else "baseline"
            self.assertEqual(headers["X-Release-Variant"], expected, key)
            # The upstream that was asked is the one that the variable names.
            self.assertIn(b'"version":"13"' if expected == "candidate" else b'"version":"12"', body)
            reached[expected] += 1
        self.assertGreater(reached["candidate"], 100)
        self.assertGreater(reached["baseline"], 100)

    def test_the_load_is_split_by_user_and_sticky(self):
        load = self.start_canary(duration_s=12)
        self.sidecar.status()
        _, headers, _ = self.gateway.get(user="anybody")
        self.assertEqual(headers["X-Release-Stage"], "canary")
        self.assertEqual(headers["X-Release-Reason"], "SPLIT")
        harness.wait_until("a second of load at 50 %",
                           lambda: self.sidecar.status()["step_clock_s"] > 1.5)
        summary, records = load.finish()
        self.assertEqual(summary["failed"], 0)
        candidates = 0
        for record in records:
            bucket = bucket_of(record["user"], self.release)
            # A user beyond the widest share never meets the candidate, and one within the first
            # step's share never leaves it once the canary runs.
            if record["variant"] == "candidate":
                self.assertLess(bucket, 500_000)
                candidates += 1
        self.assertGreater(candidates, RATE / 4)
        last = {}
        for record in sorted(records, key=lambda each: each["sent_ns"]):
            if last.get(record["user"]) == "candidate":
                self.assertEqual(record["variant"], "candidate", "left the candidate")
            last[record["user"]] = record["variant"]

    def test_no_key_is_the_baseline(self):
        self.start_canary()
        for _ in range(30):
            _, headers, _ = self.gateway.get(user=None)
            self.assertEqual(headers["X-Release-Variant"], "baseline")
            self.assertEqual(headers["X-Release-Reason"], "ERROR")

    def test_segments_and_headers_reach_the_counts(self):
        load = self.start_canary(duration_s=12)
        harness.wait_until("scores are read from the response header", lambda: any(
            row["expr"].startswith("mean(candidate.score)") and row["samples"] > 40
            and 0 < row["value"] < 1 for row in self.sidecar.status()["aggregates"]))
        load.finish()
        counters = self.sidecar.status()["counters"]
        self.assertEqual(counters["rejected_values"], 0)
        self.assertGreater(counters["requests_candidate"], 40)


if __name__ == "__main__":
    harness.main()
