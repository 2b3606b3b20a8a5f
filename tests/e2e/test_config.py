"""What `nginx -t` accepts and refuses, and with which words."""
import shutil
import subprocess

import harness
from harness import CANARY, DeploymentTest


class Configuration(DeploymentTest):
    def setUp(self):
        super().setUp()
        self.deployment.baseline.port = 1  # nothing is proxied here
        self.deployment.candidate.port = 2

    def check(self, policy=None, **changes):
        self.gateway.write_config(release=self.deployment.release_directives(policy, **changes))
        return self.gateway.test()

    def assert_refused(self, said, policy=None, **changes):
        code, text = self.check(policy, **changes)
        self.assertNotEqual(code, 0, text)
        self.assertIn(said, text)
        return text

    def test_a_good_policy_is_accepted_and_leaves_nothing_behind(self):
        code, text = self.check()
        self.assertEqual(code, 0, text)
        self.assertEqual(list(self.deployment.state.iterdir()), [])

    def test_both_evaluators_are_accepted(self):
        for evaluator in ("jit", "interp"):
            code, text = self.check(release_evaluator=evaluator)
            self.assertEqual(code, 0, text)
        self.assert_refused("invalid value", release_evaluator="fast")

    def test_a_bad_policy_is_refused_with_its_places(self):
        broken = self.folder / "broken.release"
        text = CANARY.read_text().replace("../../../examples", str(harness.SOURCE / "examples"))
        text = text.replace("p99(candidate.latency) > 150ms", "p99(candidate.latncy) > 150ms")
        text = text.replace("rate(candidate.failed) > 5%", "rate(candidate.failed) > 5ms")
        broken.write_text(text)
        lines = {number for number, line in enumerate(text.splitlines(), 1)
                 if "latncy" in line or "5ms" in line}
        said = self.assert_refused("error", policy=broken)
        for line in lines:  # both errors, each with file, line and column
            self.assertRegex(said, rf"{broken}:{line}:\d+:")

    def test_a_policy_that_is_not_there(self):
        self.assert_refused("missing.release", policy=self.folder / "missing.release")

    def test_a_file_that_is_no_policy(self):
        other = self.folder / "policy.txt"
        shutil.copy(CANARY, other)
        self.assert_refused("neither a policy (.release) nor a built plan (.plan)", policy=other)

    def test_a_plan_that_is_damaged(self):
        plan = self.folder / "damaged.plan"
        plan.write_bytes(b"not a plan")
        self.assert_refused("damaged.plan", policy=plan, release_scale_time=None)

    def test_a_built_plan_is_interpreted_and_has_its_times(self):
        plan = self.folder / "canary.plan"
        relc = self.deployment.bin / "relc"
        subprocess.run([relc, "build", CANARY, "--emit", "plan", "-o", plan], check=True,
                       timeout=20)
        code, text = self.check(plan, release_scale_time=None)
        self.assertEqual(code, 0, text)
        self.assert_refused("a built plan is interpreted", policy=plan, release_scale_time=None,
                            release_evaluator="jit")
        self.assert_refused("does not change a built plan", policy=plan)
        self.assert_refused("the plan is of release `e2e`, not `other`", release_scale_time=None,
                            release_policy=f"{plan} release=other")

    def test_an_unbound_segment(self):
        self.assert_refused("segment `region` of", release_segment=None)

    def test_a_binding_that_the_policy_does_not_know(self):
        said = self.assert_refused("release_segment binds `country`",
                                   release_segment="country $http_x_region")
        self.assertIn("declares `region`", said)

    def test_missing_directives(self):
        self.assert_refused("release_policy needs `release_key VALUE;`", release_key=None)
        self.assert_refused("release_policy needs `release_state DIR;`", release_state=None)

    def test_directives_without_a_release(self):
        self.gateway.write_config(release="    release_key $http_x_user;\n    release_state s;")
        code, text = self.gateway.test()
        self.assertNotEqual(code, 0)
        self.assertIn("add `release_policy FILE;`", text)

    def test_a_scale_that_is_no_number(self):
        self.assert_refused("release_scale_time wants a number above 0", release_scale_time="0")

    def test_one_state_directory_for_two_releases(self):
        directives = self.deployment.release_directives()
        self.gateway.write_config(release=directives,
                                  server=f"}} server {{ listen 127.0.0.1:1; {directives}")
        code, text = self.gateway.test()
        self.assertNotEqual(code, 0)
        self.assertIn("already belongs to", text)


if __name__ == "__main__":
    harness.main()
