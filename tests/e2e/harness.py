"""What the end-to-end tests share: a deployment for each test, requests, and waiting for a
condition with a deadline. Nothing here sleeps for a fixed time to be in step with another process.

The tests are run by ctest as `python3 test_NAME.py BUILD_DIR`."""
import http.server
import pathlib
import struct
import sys
import tempfile
import threading
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
POLICIES = pathlib.Path(__file__).resolve().parent / "policies"
sys.path.insert(0, str(SOURCE / "examples" / "demo"))
from deployment import Deployment, DeploymentError, wait_until  # noqa: E402,F401

CANARY = POLICIES / "canary.release"
MIRROR = POLICIES / "mirror.release"
RATE = 400  # requests a second; the policies' sample minimums are met within a second
ENDS = ("rolled_back", "completed", "withdrawn")


class DeploymentTest(unittest.TestCase):
    """A test with a folder and a deployment of its own. What it started is stopped and the folder
    removed whatever happens; on a failure the logs are printed first."""

    policy = CANARY
    release = "e2e"

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="relc-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.deployment = Deployment(build_dir(), self.folder, self.policy, self.release)
        self.addCleanup(self.deployment.__exit__)
        self.addCleanup(self.print_logs)
        self.gateway = self.deployment.gateway
        self.sidecar = self.deployment.sidecar
        self.candidate = self.deployment.candidate

    def print_logs(self):
        outcome = getattr(self, "_outcome", None)
        failed = outcome is not None and not outcome.success
        if not failed:
            return
        print(f"\n--- logs of {self.id()}", file=sys.stderr)
        for name, text in (("nginx", self.gateway.log()), ("sidecar", self.tail(self.sidecar))):
            print(f"--- {name}\n{text[-4000:]}", file=sys.stderr)

    @staticmethod
    def tail(child):
        return child.errors() if child.err_path.exists() else "(not started)"

    # -- where the release is

    def wait_for_share(self, share, timeout_s=15):
        """Until a request is told that the candidate's share is `share`."""
        def there():
            _, headers, _ = self.gateway.get(user="watcher")
            return headers["X-Release-Share"] == f"{share:g}"
        wait_until(f"share {share:g}", there, timeout_s)

    def wait_for_phase(self, phase, timeout_s=15):
        def there():
            status = self.sidecar.status()
            if status["phase"] in ENDS and status["phase"] != phase:
                self.fail(f"the release is {status['phase']}, waited for {phase}")
            return status if status["phase"] == phase else None
        return wait_until(f"phase {phase}", there, timeout_s)

    def wait_for_kind(self, kind, timeout_s=15):
        """Until the decision log holds such a decision; gives the first."""
        def there():
            return next((entry for entry in self.sidecar.history() if entry["kind"] == kind), None)
        return wait_until(f"a decision {kind}", there, timeout_s, 0.1)

    def start_canary(self, rate=RATE, duration_s=40, **config):
        """Everything up, load on, and the canary at its second step (50 %)."""
        self.deployment.start(**config)
        self.sidecar.start()
        load = self.deployment.load(rate, duration_s)
        self.wait_for_share(0.5)
        return load

    def assert_baseline_only(self, users=60):
        """From here on nobody gets the candidate."""
        arms = {self.gateway.get(user=f"after-{i}")[1]["X-Release-Variant"] for i in range(users)}
        self.assertEqual(arms, {"baseline"})


class HandledServer:
    """A server of this test process: what a handler's GET says."""

    def __init__(self, port, do_get):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                do_get(self)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


class StubServer(HandledServer):
    """Answers every request with a 200 that carries no header of a model: `length` bytes are
    announced, `sent` of them come before the connection closes."""

    def __init__(self, port, length=0, sent=0):
        def answer(request):
            request.send_response(200)
            request.send_header("Content-Length", str(length))
            request.end_headers()
            request.wfile.write(b"x" * sent)
            request.close_connection = sent < length
        super().__init__(port, answer)


def build_dir():
    return pathlib.Path(BUILD_DIR[0])


BUILD_DIR = []


def main():
    if len(sys.argv) < 2:
        sys.exit(f"usage: python3 {sys.argv[0]} BUILD_DIR [TEST...]")
    BUILD_DIR.append(sys.argv.pop(1))
    unittest.main(module="__main__", verbosity=2)


# -- the bucket hash, written from the specification of XXH64, to compare the gateway with

MASK = (1 << 64) - 1
P1, P2, P3, P4, P5 = (11400714785074694791, 14029467366897019727, 1609587929392839161,
                      9650029242287828579, 2870177450012600261)


def rotate(value, bits):
    return ((value << bits) | (value >> (64 - bits))) & MASK


def one_round(lane, word):
    return rotate((lane + word * P2) & MASK, 31) * P1 & MASK


def xxh64(data, seed):
    length = len(data)
    if length >= 32:
        lanes = [(seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK]
        while len(data) >= 32:
            lanes = [one_round(lane, word)
                     for lane, word in zip(lanes, struct.unpack_from("<4Q", data))]
            data = data[32:]
        value = sum(rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            value = ((value ^ one_round(0, lane)) * P1 + P4) & MASK
    else:
        value = (seed + P5) & MASK
    value = (value + length) & MASK
    while len(data) >= 8:
        word = struct.unpack_from("<Q", data)[0]
        value = (rotate(value ^ one_round(0, word), 27) * P1 + P4) & MASK
        data = data[8:]
    if len(data) >= 4:
        word = struct.unpack_from("<I", data)[0]
        value = (rotate(value ^ (word * P1 & MASK), 23) * P2 + P3) & MASK
        data = data[4:]
    for byte in data:
        value = rotate(value ^ (byte * P5 & MASK), 11) * P1 & MASK
    value = (value ^ (value >> 33)) * P2 & MASK
    value = (value ^ (value >> 29)) * P3 & MASK
    return value ^ (value >> 32)


def bucket_of(key, release):
    salt = xxh64(release.encode(), 0)
    return (xxh64(key.encode(), salt) & ((1 << 63) - 1)) % 1_000_000
