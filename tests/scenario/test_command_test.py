"""relc test as other programs use it: exit codes, the report, json, coverage."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

RELC = pathlib.Path(sys.argv.pop(1))
POLICY = """
model scorer {
  baseline  = mlflow("scorer@champion")
  candidate = mlflow("scorer/13")
  expect { traffic 120/s; failed 0.4% }
}
metric failed : flag per request, lower is better
release next of scorer {
  unknown { source_error: hold up to 15m then alert; no_data: hold; insufficient: hold }
  rollback when rate(candidate.failed) > 5% over 1m for 1m
  hold when rate(candidate.failed) > 3% over 1m
  stage canary: steps 25% for 1h
  stage live: 100% { soak 1h }
  rollback { route baseline 100% }
}
test "goes back" {
  given release next in canary
  feed candidate.failed 0.4% for 5m then %s
  expect rolled_back within 3m of the change because failed
}
"""


def run(policy, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "next.release"
        path.write_text(policy)
        return subprocess.run([RELC, "test", folder, *arguments], capture_output=True, text=True,
                              timeout=120)


class Test(unittest.TestCase):
    def test_what_passes_is_one_line(self):
        done = run(POLICY.replace("%s", "20%"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("ok    goes back", done.stdout)
        self.assertIn("coverage of next: 2 of 2 triggers fired\n", done.stdout)
        self.assertIn("relc: 1 test, 0 failed", done.stderr)

    def test_what_fails_says_what_happened_and_exits_with_1(self):
        done = run(POLICY.replace("%s", "4%"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAIL  goes back", done.stdout)
        self.assertIn("next.release:19:3", done.stdout)
        self.assertIn("expected  rolled_back within 3m of the change because failed", done.stdout)
        self.assertIn("happened  no rolled_back in", done.stdout)
        self.assertIn("held", done.stdout)
        self.assertIn("1 of 2 triggers fired; no test ever fired\n"
                      "    rollback when rate(candidate.failed) > 5% over 1m for 1m", done.stdout)

    def test_json_is_one_object_a_line(self):
        done = run(POLICY.replace("%s", "4%"), "--format", "json")
        test, coverage, summary = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((test["type"], test["name"], test["passed"]), ("test", "goes back", False))
        self.assertFalse(test["expectations"][0]["passed"])
        self.assertEqual(test["decisions"][0]["kind"], "held")
        self.assertEqual((coverage["fired"], coverage["triggers"]), (1, 2))
        self.assertEqual(coverage["never"][0]["line"], 10)
        self.assertEqual((summary["tests"], summary["failed"]), (1, 1))

    def test_what_is_taken_for_granted_is_said(self):
        hooked = POLICY.replace("25% for 1h", '25% for 1h { before command ["/opt/warm"] }')
        done = run(hooked.replace("%s", "20%"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('    assumed: `before command ["/opt/warm"]` succeeds at once\n', done.stdout)
        told = run(hooked.replace("%s", "20%"), "--format", "json").stdout.splitlines()
        self.assertEqual(json.loads(told[1])["assumed"],
                         ['`before command ["/opt/warm"]` succeeds at once'])
        plain = run(POLICY.replace("%s", "20%"))
        self.assertNotIn("assumed", plain.stdout)

    def test_errors_and_usage(self):
        done = run(POLICY.replace("%s", "4s"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("error[REL1209]", done.stderr)
        self.assertEqual(run(POLICY, "--format", "xml").returncode, 2)
        missing = subprocess.run([RELC, "test", "/none.release"], capture_output=True, text=True)
        self.assertEqual(missing.returncode, 2)

    def test_only_runs_the_tests_that_are_named(self):
        done = run(POLICY.replace("%s", "4%"), "--only", "another")
        self.assertEqual(done.returncode, 0)
        self.assertIn("relc: 0 tests", done.stderr)


if __name__ == "__main__":
    unittest.main()
