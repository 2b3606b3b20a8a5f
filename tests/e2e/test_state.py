"""A state directory that cannot be used is an error that says what to do; the gateway serves."""
import harness
from harness import DeploymentTest, wait_until


class State(DeploymentTest):
    def assert_serves_baseline(self):
        status, headers, _ = self.gateway.get()
        self.assertEqual((status, headers["X-Release-Variant"], headers["X-Release-Reason"]),
                         (200, "baseline", "ERROR"))

    def test_a_directory_that_is_missing(self):
        missing = self.folder / "nowhere"
        self.deployment.start(release=self.deployment.release_directives(release_state=missing))
        self.assertIn("create it first", self.gateway.errors() + self.gateway.log())
        self.assert_serves_baseline()
        self.assertFalse(missing.exists())

    def test_a_file_in_the_place_of_the_directory(self):
        place = self.folder / "place"
        place.write_text("")
        self.deployment.start(release=self.deployment.release_directives(release_state=place))
        self.assertRegex(self.gateway.errors() + self.gateway.log(), "[Nn]ot a directory")
        self.assert_serves_baseline()

    def test_a_mapping_that_is_something_else(self):
        (self.deployment.state / "gateway.map").write_text("something else")
        self.deployment.start()
        self.assertIn("is not a state of relc; remove it",
                      self.gateway.errors() + self.gateway.log())
        self.assert_serves_baseline()

    def test_a_reload_into_an_unusable_directory_is_refused(self):
        self.deployment.start()
        workers = self.gateway.worker_pids()
        missing = self.folder / "nowhere"
        self.gateway.write_config(
            release=self.deployment.release_directives(release_state=missing))
        self.gateway.reload()
        wait_until("the refusal is in the log", lambda: "create it first" in self.gateway.log())
        self.assertEqual(self.gateway.worker_pids(), workers)
        self.assertEqual(self.gateway.get()[1]["X-Release-Reason"], "DEFAULT")

    def test_a_directory_in_use_by_another_sidecar(self):
        self.start_canary()
        second = harness.Deployment.__new__(harness.Deployment)
        second.__dict__.update(self.deployment.__dict__)
        other = type(self.sidecar)(second, self.deployment.policy, self.release, 1.0)
        other.err_path = self.folder / "second.err"
        other.out_path = self.folder / "second.out"
        other.command[other.command.index(f"unix:{self.sidecar.control_path}")] = \
            f"unix:{self.folder}/second.sock"
        self.addCleanup(other.stop)
        other.launch(other.command)
        self.assertEqual(other.process.wait(10), 2)
        self.assertIn(str(self.deployment.state), other.errors())
        self.assertEqual(self.gateway.get(user="watcher")[1]["X-Release-Share"], "0.5")
        self.assertEqual(self.sidecar.status()["phase"], "running")


if __name__ == "__main__":
    harness.main()
