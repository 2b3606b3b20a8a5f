"""The demo as a program: its outcome, what it prints in a pipe, that nothing is left running."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

import harness
from harness import wait_until

DEMO = harness.SOURCE / "examples" / "demo" / "demo.py"


def processes_of(folder):
    """Processes with `folder` in their environment or command line, or a file of it mapped, as
    nginx's workers have, which overwrite the other two."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            text = b"".join((entry / name).read_bytes() for name in ("environ", "cmdline", "maps"))
        except OSError:
            continue
        if entry.name.isdigit() and int(entry.name) != os.getpid() and folder.encode() in text:
            found.append(entry.name)
    return found


class Demo(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="relc-e2e-demo-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, fault):
        process = subprocess.Popen(
            [sys.executable, "-B", DEMO, "--build-dir", harness.build_dir(), "--fault", fault],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "TMPDIR": self.folder})
        self.addCleanup(process.stdout.close)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.terminate()
            process.wait(20)

    def test_errors_end_in_a_rollback_with_everything_told(self):
        process = self.start("errors")
        text, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, text)
        for part in (r"share 10 %", r"share 25 %", r"candidate p99 \d+ ms \(n=[\d,]+\)",
                     r"pending: rollback when failing_somewhere for 1s +true for",
                     r"rolled_back +canary +0 %", r"Evidence of the rollback",
                     r"time to evidence .* s", r"last request routed to the candidate +[\d.]+ ms"):
            self.assertRegex(text, part)
        report = re.search(r"^Report: (.+)$", text, re.MULTILINE).group(1)
        self.assertIn("fraud_v13", pathlib.Path(report).read_text())
        self.assertEqual(processes_of(self.folder), [])

    def test_an_interrupt_leaves_nothing_running(self):
        process = self.start("none")
        lines = iter(process.stdout.readline, "")
        self.assertTrue(any("share 10 %" in line for line in lines))
        # The demo, two model servers, nginx and its three workers, the sidecar, the load.
        self.assertEqual(len(processes_of(self.folder)), 9)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 130)
        wait_until("nothing is left", lambda: not processes_of(self.folder), 5)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    harness.main()
