"""relc simulate as other programs use it: exit codes, the decision log, refused lines, evaluators."""
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

RELC = pathlib.Path(sys.argv.pop(1))
HAS_CODEGEN = sys.argv.pop(1) == "with-codegen"
FOLDER = pathlib.Path(__file__).parent
START = datetime.datetime(2026, 3, 1, 12)


def observation(at_ms, arm, number, latency):
    time = (START + datetime.timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds")
    return json.dumps({"type": "observation", "time": time + "Z", "id": f"{arm}-{number}",
                       "variant": arm, "lane": "live", "latency": latency, "failed": False})


def traffic(slow_from_ms):
    """20 s: the candidate at 100/s, slow from some time on; the baseline at 200/s."""
    lines = [(k * 10, observation(k * 10, "candidate", k, 0.5 if k * 10 >= slow_from_ms else 0.05))
             for k in range(2000)]
    lines += [(k * 5, observation(k * 5, "baseline", k, 0.05)) for k in range(4000)]
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def simulate(lines, *arguments):
    return subprocess.run([RELC, "simulate", FOLDER / "canary.release", "--events", "-", *arguments],
                          input="\n".join(lines), capture_output=True, text=True, timeout=120)


class Simulate(unittest.TestCase):
    def test_a_slow_candidate_goes_back(self):
        done = simulate(traffic(3000), "--format", "json", "--expect", "rolled_back")
        self.assertEqual(done.returncode, 0, done.stderr)
        last = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(last["kind"], "rolled_back")
        self.assertEqual(last["time"], "2026-03-01T12:00:05.100Z")  # slow since 3.1 s, for 2 s
        self.assertEqual(last["share"], 0)
        self.assertEqual(last["rule"],
                         "rollback when p99(candidate.latency) > 400ms over 5s for 2s")
        self.assertEqual(last["actor"], "relc")
        self.assertEqual(last["evidence"][0]["unit"], "s")
        self.assertIsNone(last["evidence"][0]["unknown"])

    def test_what_is_taken_for_granted_is_said(self):
        policy = (FOLDER / "canary.release").read_text().replace(
            "50% for 5s {", '50% for 5s {\n    before command ["/opt/warm"]\n    reviewed by 1 of team "ops"')
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "hooked.release"
            path.write_text(policy)
            done = subprocess.run([RELC, "simulate", path, "--events", "-", "--expect", "completed"],
                                  input="\n".join(traffic(10**9)), capture_output=True, text=True,
                                  timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.splitlines()[-2:],
                         ['assumed: stage `canary` is reviewed by 1 of team "ops"',
                          'assumed: `before command ["/opt/warm"]` succeeds at once'])

    def test_another_end_than_expected_is_a_finding(self):
        done = simulate(traffic(3000), "--expect", "completed")
        self.assertEqual(done.returncode, 1)
        self.assertIn("expected completed, the release is rolled_back", done.stderr)

    def test_refused_lines_are_told_by_number_and_the_stream_goes_on(self):
        lines = traffic(10**9)
        lines[2] = '{"type":"observation","time":17}'
        lines.insert(5, '{"type":"label","time":"2026-03-02T08:00:00Z","id":"r"}')
        lines += ["not json"] * 30
        done = simulate(lines, "--expect", "completed")
        self.assertEqual(done.returncode, 0, done.stderr)
        told = [line for line in done.stderr.splitlines() if line.startswith("relc simulate")]
        self.assertEqual(told[0], "relc simulate: -:3: `time` is a number; it must be an RFC 3339 "
                                  "string")
        self.assertEqual(told[1], "relc simulate: -:6: there is no `name`: the metric that the label is of")
        self.assertEqual(told[-1], "relc simulate: -: 12 more lines were refused")
        self.assertEqual(len(told), 21)
        self.assertIn("5,999 observations counted; 32 lines refused", done.stdout)

    def test_two_runs_and_all_evaluators_give_the_same_bytes(self):
        first = simulate(traffic(3000), "--format", "json")
        self.assertEqual(first.stdout, simulate(traffic(3000), "--format", "json").stdout)
        if HAS_CODEGEN:
            for evaluator in ("jit", "aot"):
                compiled = simulate(traffic(3000), "--format", "json", "--evaluator", evaluator)
                self.assertEqual(compiled.returncode, 0, compiled.stderr)
                self.assertEqual(first.stdout, compiled.stdout)

    def test_usage_and_the_world(self):
        for arguments in (["--evaluator", "fast"], ["--tick", "5s"], ["--tick", "soon"],
                          ["--expect", "great"], ["--format", "xml"], ["--release", "other"]):
            self.assertEqual(simulate([], *arguments).returncode, 2, arguments)
        missing = subprocess.run([RELC, "simulate", FOLDER / "canary.release", "--events", "/none"],
                                 capture_output=True, text=True)
        self.assertEqual(missing.returncode, 2)
        self.assertIn("cannot read /none", missing.stderr)

    def test_without_events_nothing_starts(self):
        done = simulate([], "--expect", "idle")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("0 observations counted", done.stdout)


if __name__ == "__main__":
    unittest.main()
