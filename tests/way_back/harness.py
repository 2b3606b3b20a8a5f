"""What the tests of the way back share: a relc process of its own that is fed live observations,
a recorder for everything sent over HTTP, and waiting for a condition with a deadline.

The tests are run by ctest as `python3 test_NAME.py BUILD_DIR`."""
import datetime
import http.server
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BUILD = []

POLICY = """
model scorer {
  baseline  = mlflow("scorer/12")
  candidate = mlflow("scorer/13")
%(needs)s
}
metric failed  : flag     per request, lower is better
metric latency : duration per request, lower is better
segment region in { "eu", "us" }

release checkout of scorer {
  owner "risk-ml"
  unknown { source_error: hold up to 15m then alert; no_data: hold; insufficient: hold }
  rollback when rate(candidate.failed) > 20%% over 2s in any region with at least 20 samples
  alert when p99(candidate.latency) > 400ms over 2s for 5m
  stage canary: steps 25%% for 2s, 50%% for 60s
  stage live: 100%% { soak 60s }
  rollback {
%(steps)s
  }
}
"""


def build_dir():
    return pathlib.Path(BUILD[0])


def wait_until(what, condition, timeout_s=30):
    """The first truthy value of the condition; a failure names what was waited for."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s} s for {what}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Recorder:
    """An HTTP server that keeps every request; `answer` decides what it says, `answer_probe` to dry
    runs, which are kept apart."""

    def __init__(self, answer=lambda request: (200, "ok")):
        self.requests = []
        self.probes = []
        self.answer = answer
        self.answer_probe = lambda request: (200, "")
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def serve(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                request = {"method": self.command, "path": self.path, "body": body,
                           "headers": dict(self.headers)}
                dry = self.headers.get("X-Relc-Dry-Run") == "true"
                (recorder.probes if dry else recorder.requests).append(request)
                status, text = (recorder.answer_probe if dry else recorder.answer)(request)
                data = text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = do_PUT = serve

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def of(self, path, method="POST"):
        return [r for r in list(self.requests) if r["path"] == path and r["method"] == method]


class RelcRun:
    """`relc run --events -`, fed with observations of both arms as time goes by."""

    def __init__(self, folder, policy, config):
        self.folder = folder
        self.state = folder / "state"
        (folder / "p.release").write_text(policy)
        (folder / "relc.yaml").write_text(config)
        self.failed_share = 0.0
        self.lines = []
        self.process = None
        self.start_arguments = []

    def start(self):
        self.control = self.folder / "control.sock"
        self.errors = open(self.folder / "err", "a")
        self.process = subprocess.Popen(
            [build_dir() / "bin" / "relc", "run", self.folder / "p.release", "--state", self.state,
             "--events", "-", "--format", "json", "--config", self.folder / "relc.yaml",
             "--control", f"unix:{self.control}", *self.start_arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.feeding = True
        threading.Thread(target=self.read, args=(self.process,), daemon=True).start()
        threading.Thread(target=self.feed, args=(self.process,), daemon=True).start()

    def begin(self):
        """Starts it, and waits until it answers on its control socket."""
        self.start()
        wait_until("the host", self.answers)

    def answers(self):
        done = subprocess.run([build_dir() / "bin" / "relc", "status", "checkout", "--control",
                               f"unix:{self.control}"], capture_output=True, timeout=30)
        return done.returncode == 0

    def read(self, process):
        for line in process.stdout:
            self.lines.append(json.loads(line))

    def feed(self, process):
        number = 0
        while process.poll() is None and self.feeding:
            now = datetime.datetime.now(datetime.timezone.utc)
            stamp = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
            text = ""
            for variant in ("baseline", "candidate"):
                for region in ("eu", "us"):
                    for _ in range(4):
                        number += 1
                        failing = variant == "candidate" and region == "eu" and \
                            number % 100 < self.failed_share * 100
                        text += json.dumps({
                            "type": "observation", "time": stamp, "id": f"r{number}",
                            "variant": variant, "lane": "live", "segment": {"region": region},
                            "failed": failing, "latency": 0.05 + (0.1 if failing else 0.0)}) + "\n"
            try:
                process.stdin.write(text.encode())
                process.stdin.flush()
            except BrokenPipeError:
                return
            time.sleep(0.05)

    def decisions(self, kind=None):
        return [line for line in list(self.lines) if kind is None or line["kind"] == kind]

    def wait_for(self, kind, count=1, timeout_s=40):
        return wait_until(f"{count} decisions {kind}",
                          lambda: len(self.decisions(kind)) >= count and self.decisions(kind),
                          timeout_s)

    def status(self):
        answer = self.ask("status")
        return json.loads(answer)

    def ask(self, *words):
        done = subprocess.run(
            [build_dir() / "bin" / "relc", words[0], "checkout", *words[1:], "--control",
             f"unix:{self.control}"] + (["--format", "json"] if words[0] == "status" else []),
            capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            raise AssertionError(f"relc {words}: {done.stdout}{done.stderr}")
        return done.stdout

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.feeding = False
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        streams = (self.process.stdin, self.process.stdout, self.errors) if self.process else ()
        for stream in streams:
            try:
                stream.close()
            except (BrokenPipeError, ValueError):
                pass

    def everything_written(self):
        """Journal, logs and reports as bytes."""
        text = b""
        for path in [*self.state.rglob("*"), self.folder / "err"]:
            if path.is_file() and path.name not in ("host.map", "lock"):
                text += path.read_bytes()
        return text + json.dumps(self.lines).encode()


class WayBackTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="relc-back-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.run_ = None
        self.addCleanup(self.print_log)

    def print_log(self):
        outcome = getattr(self, "_outcome", None)
        if outcome is not None and not outcome.success and (self.folder / "err").exists():
            print((self.folder / "err").read_text()[-3000:], file=sys.stderr)

    def recorder(self, answer=lambda request: (200, "ok")):
        recorder = Recorder(answer)
        self.addCleanup(recorder.stop)
        return recorder

    def relc(self, steps, config, needs=""):
        run = RelcRun(self.folder, POLICY % {"steps": steps, "needs": needs}, config)
        self.addCleanup(run.stop)
        return run

    def roll_back(self, run):
        """Healthy for a while, then half of what the candidate answers in Europe fails."""
        if run.process is None:
            run.start()
        run.wait_for("step_advanced")
        run.failed_share = 0.5
        return run.wait_for("rolled_back")[0]


def main():
    if len(sys.argv) < 2:
        sys.exit(f"usage: python3 {sys.argv[0]} BUILD_DIR [TEST...]")
    BUILD.append(sys.argv.pop(1))
    unittest.main(module="__main__", verbosity=2)
