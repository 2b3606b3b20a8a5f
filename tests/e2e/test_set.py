"""Several releases in one gateway: each goes its own way, the members of a set go the same way, and
a model has one candidate at a time."""
import harness
from harness import POLICIES, DeploymentTest, wait_until
from deployment import Sidecar, free_port

SECOND = """%s
        }
        server {
            listen 127.0.0.1:%d;
            %s
            location /score {
                proxy_pass http://baseline;
                add_header X-Release-Variant $release_variant always;
                add_header X-Release-Share $release_share always;
            }
"""


class TwoReleases(DeploymentTest):
    policy = POLICIES / "set.release"
    release = "e2e_fraud"

    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.other_state = self.folder / "other"
        self.other_state.mkdir()
        self.other = Sidecar(self.deployment, self.policy, "e2e_pricing", 1, name="other",
                             state=self.other_state)
        self.addCleanup(self.other.stop)

    def config(self, policy=None, first="e2e_fraud", second="e2e_pricing", other_policy=None):
        """Two servers of one gateway, each with a release."""
        policy = policy or self.policy
        directives = self.deployment.release_directives
        one = directives(release_policy=f"{policy} release={first}", release_segment=None)
        two = directives(release_policy=f"{other_policy or policy} release={second}",
                         release_segment=None, release_state=self.other_state)
        return {"release": "", "server": SECOND % (one, self.port, two)}

    def shares(self):
        first = self.gateway.get(user="watcher")[1]["X-Release-Share"]
        second = self.gateway.get(user="watcher", port=self.port)[1]["X-Release-Share"]
        return float(first), float(second)

    def wait_for_shares(self, first, second):
        wait_until(f"shares {first}, {second}", lambda: self.shares() == (first, second))

    def edited(self, name, edit):
        text = self.policy.read_text().replace("../../../examples",
                                               str(harness.SOURCE / "examples"))
        path = self.folder / name
        path.write_text(edit(text))
        return path


class Set(TwoReleases):
    def test_members_go_on_and_back_together(self):
        self.deployment.start(**self.config())
        self.sidecar.start()
        # The first waits for the other, which nobody has started.
        wait_until("the first member is due", lambda: self.sidecar.status()["set"]["waits"])
        ticks = self.sidecar.status()["counters"]["ticks"]
        wait_until("a second of waiting",
                   lambda: self.sidecar.status()["counters"]["ticks"] > ticks + 10)
        self.assertEqual(self.shares(), (0, 0))
        self.other.start()
        self.wait_for_shares(0.5, 0.4)

        # In memory: no sidecar is there to pass it on.
        self.sidecar.kill()
        self.other.kill()
        self.candidate.fault(error_share=1)
        for i in range(120):
            self.gateway.get(user=f"u-{i}")
        self.wait_for_shares(0, 0)
        self.sidecar.start()
        self.other.start()
        self.wait_for_phase("rolled_back")
        ended = wait_until("the other has written it down", lambda: next(
            (entry for entry in self.other.history() if entry["kind"] == "withdrawn"), None))
        self.assertIn("another release of the set checkout went back", ended["because"])
        # Its candidate has not failed: it is not quarantined.
        self.assertNotIn("quarantined", [entry["kind"] for entry in self.other.history()])

    def test_a_member_that_is_missing_is_refused(self):
        self.deployment.baseline.port = 1  # nothing is proxied here
        self.deployment.candidate.port = 2
        policy = self.policy
        self.gateway.write_config(release=self.deployment.release_directives(
            release_policy=f"{policy} release=e2e_fraud", release_segment=None))
        code, text = self.gateway.test()
        self.assertNotEqual(code, 0)
        self.assertIn("release `e2e_fraud` of the set `checkout` goes on only with `e2e_pricing`",
                      text)
        self.gateway.write_config(**self.config())
        code, text = self.gateway.test()
        self.assertEqual(code, 0, text)


class Apart(TwoReleases):
    """The same two releases without a set."""

    def test_each_goes_its_own_way(self):
        policy = self.edited("apart.release", lambda text: text.replace(
            "set checkout of e2e_fraud, e2e_pricing", ""))
        for sidecar in (self.sidecar, self.other):
            sidecar.command[2] = policy
        self.deployment.start(**self.config(policy))
        self.sidecar.start()
        wait_until("the first is at 50 %", lambda: self.shares() == (0.5, 0))
        self.other.start()
        self.wait_for_shares(0.5, 0.4)
        self.candidate.fault(error_share=1)
        for i in range(120):
            self.gateway.get(user=f"u-{i}")
        self.wait_for_shares(0, 0.4)


class SecondCandidate(TwoReleases):
    """A candidate for a model whose release is on its way."""

    def setUp(self):
        super().setUp()
        self.next = self.edited("next.release", lambda text: text.replace(
            "set checkout of e2e_fraud, e2e_pricing", ""))
        text = self.next.read_text().replace("release e2e_pricing of pricing",
                                             "release e2e_next of fraud")
        self.next.write_text(text)
        self.sidecar.command[2] = self.next

    def assert_refused(self, said, config):
        self.gateway.write_config(**config)
        code, text = self.gateway.test()
        self.assertNotEqual(code, 0)
        self.assertIn(said, text)

    def test_one_candidate_at_a_time(self):
        both = self.config(self.next, second="e2e_next")
        alone = {"release": self.deployment.release_directives(
            release_policy=f"{self.next} release=e2e_fraud", release_segment=None)}
        self.deployment.baseline.start()
        self.candidate.start()
        self.assert_refused("model `fraud` has two releases that have not begun", both)

        self.deployment.start(**alone)
        self.sidecar.start()
        self.wait_for_share(0.5)
        self.assert_refused("the next candidate, `e2e_next`, is taken once that has ended", both)

        self.candidate.fault(error_share=1)
        for i in range(120):
            self.gateway.get(user=f"u-{i}")
        self.wait_for_phase("rolled_back")
        self.gateway.write_config(**both)
        code, text = self.gateway.test()
        self.assertEqual(code, 0, text)
        self.candidate.fault()
        self.gateway.reload()
        next_one = Sidecar(self.deployment, self.next, "e2e_next", 1, name="next",
                           state=self.other_state)
        self.addCleanup(next_one.stop)
        next_one.start()
        wait_until("the next candidate is on its way",
                   lambda: next_one.status()["phase"] == "running")


del TwoReleases  # a base, not a test

if __name__ == "__main__":
    harness.main()
