"""`sticky by user`: the key is the user's, the gateway must say so, and whoever was given the
candidate keeps it while the share grows, across steps and into the experiment."""
import harness
from harness import POLICIES, DeploymentTest, bucket_of


class Sticky(DeploymentTest):
    policy = POLICIES / "sticky.release"
    release = "e2e_sticky"

    def directives(self, key):
        return self.deployment.release_directives(release_segment=None, release_key=key)

    def test_a_key_of_another_name_is_refused(self):
        self.deployment.baseline.port = 1  # nothing is proxied here
        self.deployment.candidate.port = 2
        for key, said in (("$http_x_user", "does not say what its value is"),
                          ("session $cookie_s", "release_key binds `session`")):
            self.gateway.write_config(release=self.directives(key))
            code, text = self.gateway.test()
            self.assertNotEqual(code, 0)
            self.assertIn("sticky by `user`", text)
            self.assertIn(said, text)
            self.assertIn("release_key user $variable;", text)
        self.gateway.write_config(release=self.directives("user $http_x_user"))
        code, text = self.gateway.test()
        self.assertEqual(code, 0, text)

    def test_users_keep_the_candidate_over_the_ramp(self):
        self.deployment.start(release=self.directives("user $http_x_user"))
        self.sidecar.start()
        users = [f"user-{i}" for i in range(40)]
        given = set()
        shares = []

        def ramp_is_over():
            for user in users:
                _, headers, _ = self.gateway.get(user=user)
                share = float(headers["X-Release-Share"])
                shares.append(share)
                candidate = headers["X-Release-Variant"] == "candidate"
                self.assertEqual(candidate, bucket_of(user, self.release) < share * 1_000_000)
                self.assertFalse(user in given and not candidate, f"{user} lost the candidate")
                if candidate:
                    given.add(user)
            return shares[-1] == 0.75
        harness.wait_until("the experiment", ramp_is_over, 20)
        self.assertEqual(shares, sorted(shares))
        self.assertLessEqual({0.1, 0.3, 0.6, 0.75}, set(shares))
        ramp_is_over()
        expected = {user for user in users if bucket_of(user, self.release) < 750_000}
        self.assertEqual(given, expected)


if __name__ == "__main__":
    harness.main()
