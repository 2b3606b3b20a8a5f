"""What the stage machine decides, on live requests: a switch with its smoke gate and its instant way
back, a ramp, weights, a watch with a holdback at 100 %, and a release that only observes."""
import harness
from harness import POLICIES, DeploymentTest, bucket_of, wait_until
from deployment import time_ns_of
from test_mirror import SHADOW

SPLIT = "split_clients $http_x_user $own_arm { 30% candidate; * baseline; }"


class Stages(DeploymentTest):
    def start(self, **config):
        release = config.pop("release", {"release_segment": None})
        self.deployment.start(release=self.deployment.release_directives(**release), **config)
        self.sidecar.start()
        return self.deployment.load(harness.RATE, 30)

    def kinds(self):
        return [entry["kind"] for entry in self.sidecar.history()]

    def assert_nothing_late(self, load, decision):
        """No request was sent to the candidate later than 250 ms after the verdict."""
        _, records = load.finish()
        verdict_ns = time_ns_of(decision)
        late = [record for record in records if record["variant"] == "candidate"
                and record["sent_ns"] > verdict_ns + 250_000_000]
        self.assertEqual(late, [])
        return records


class Switch(Stages):
    policy = POLICIES / "blue_green.release"
    release = "e2e_switch"

    def start_switch(self):
        return self.start(location="mirror /shadow;", server=SHADOW)

    def test_the_smoke_gate_opens_on_copies_and_the_way_back_is_instant(self):
        load = self.start_switch()
        self.wait_for_share(1)
        history = self.sidecar.history()
        switch = next(entry for entry in history if entry["kind"] == "step_advanced")
        self.assertEqual(switch["share"], 1)
        self.assertIn("smoke when", switch["rule"])
        self.assertGreaterEqual(switch["evidence"][0]["samples"], 100)
        self.assertEqual(self.sidecar.status()["mirror"], 0)
        wait_until("the watch", lambda: self.sidecar.status()["watching"])

        self.candidate.fault(error_share=0.6)
        self.wait_for_phase("rolled_back")
        decision = self.wait_for_kind("rolled_back")
        self.assert_baseline_only()
        records = self.assert_nothing_late(load, decision)
        # Before the switch nobody was answered by the candidate.
        switched_ns = time_ns_of(switch)
        early = [record for record in records if record["variant"] == "candidate"
                 and record["sent_ns"] < switched_ns - 250_000_000]
        self.assertEqual(early, [])

    def test_a_candidate_that_fails_its_smoke_is_never_switched_to(self):
        self.candidate.start()
        self.candidate.fault(error_share=0.1)
        load = self.start_switch()
        wait_until("copies are judged", lambda: any(
            row["expr"].startswith("rate(candidate.failed)") and row["samples"] > 400
            for row in self.sidecar.status()["aggregates"]), timeout_s=15)
        status = self.sidecar.status()
        self.assertEqual((status["phase"], status["share"], status["mirror"]), ("running", 0, 1))
        _, records = load.finish()
        self.assertEqual({record["variant"] for record in records}, {"baseline"})


class Ramp(Stages):
    policy = POLICIES / "ramp.release"
    release = "e2e_ramp"

    def test_a_ramp_weights_and_a_watch_that_sends_the_release_back(self):
        load = self.start()
        self.wait_for_share(0.95)
        wait_until("the watch", lambda: self.sidecar.status()["watching"])
        history = self.sidecar.history()
        shares = [entry["share"] for entry in history
                  if entry["kind"] in ("stage_entered", "step_advanced")]
        self.assertEqual(shares, [0.1, 0.2, 0.3, 0.4, 0.5, 0.95])

        self.candidate.fault(error_share=0.15)  # the holdback shows that it is the candidate
        self.wait_for_phase("rolled_back")
        decision = self.wait_for_kind("rolled_back")
        self.assertIn("rollback worse when", decision["rule"])
        self.assert_baseline_only()
        self.assert_nothing_late(load, decision)

    def test_who_has_the_candidate_keeps_it_while_the_share_grows(self):
        self.start()
        users = [f"keeper-{i}" for i in range(60)]
        given = set()

        def at_the_end():
            answers = {user: self.gateway.get(user=user)[1] for user in users}
            for user, headers in answers.items():
                share = round(float(headers["X-Release-Share"]) * 1e6)
                chosen = headers["X-Release-Variant"] == "candidate"
                self.assertEqual(chosen, bucket_of(user, self.release) < share)
                self.assertFalse(user in given and not chosen, user)
                if chosen:
                    given.add(user)
            return all(headers["X-Release-Share"] == "0.95" for headers in answers.values())
        wait_until("the last share", at_the_end, timeout_s=20)
        self.assertGreater(len(given), 50)


class Frozen(Stages):
    policy = POLICIES / "frozen.release"
    release = "e2e_frozen"

    def test_a_freeze_stops_increases_and_not_the_way_back(self):
        load = self.start()
        self.wait_for_share(0.3)
        wait_until("the soak is full and more", lambda: self.sidecar.status()["stage_clock_s"] > 3)
        status = self.sidecar.status()
        self.assertEqual((status["share"], status["held"]), (0.3, False))
        self.assertFalse(status["increase_allowed"])
        self.assertIn("the calendar lets nothing grow now", self.sidecar.relc("status")[1])
        self.candidate.fault(error_share=0.6)
        self.wait_for_phase("rolled_back")
        decision = self.wait_for_kind("rolled_back")
        self.assert_baseline_only()
        self.assert_nothing_late(load, decision)


class ObserveOnly(Stages):
    policy = POLICIES / "observe_only.release"
    release = "e2e_observe"

    def directives(self):
        return {"release_segment": None, "release_arm": "$own_arm"}

    def test_it_decides_and_journals_and_routes_nothing(self):
        directives = self.deployment.release_directives(**self.directives())
        self.deployment.start(release=SPLIT + "\n" + directives)
        self.sidecar.start()
        load = self.deployment.load(harness.RATE, 12)
        wait_until("it would have given half", lambda: "step_advanced" in self.kinds())
        self.candidate.fault(error_share=0.6)
        self.wait_for_phase("rolled_back")
        decision = self.wait_for_kind("rolled_back")
        wait_until("the way back is done", lambda: self.sidecar.status()["settled"])
        self.assertNotIn("quarantined", self.kinds())
        self.candidate.fault()
        seen = self.sidecar.status()["counters"]["requests_candidate"]
        wait_until("the candidate is still asked", lambda:
                   self.sidecar.status()["counters"]["requests_candidate"] > seen + 300)
        status = self.sidecar.status()
        self.assertEqual((status["share"], status["observe_only"]), (0, True))
        _, records = load.finish()
        # The configuration's own routing goes on, before and after the verdict.
        after = [record["variant"] for record in records
                 if record["sent_ns"] > time_ns_of(decision) + 500_000_000]
        self.assertGreater(len(after), 100)
        self.assertGreater(after.count("candidate") / len(after), 0.1)
        self.assertGreater(after.count("baseline") / len(after), 0.5)

    def test_the_configuration_must_say_who_chooses(self):
        directives = self.deployment.release_directives(release_segment=None)
        self.deployment.baseline.port = self.deployment.candidate.port = 1  # nothing is proxied
        self.gateway.write_config(directives)
        code, text = self.gateway.test()
        self.assertNotEqual(code, 0)
        self.assertIn("add `release_arm VALUE;`", text)


if __name__ == "__main__":
    harness.main()
