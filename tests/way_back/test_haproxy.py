"""HAProxy as the gateway: its map holds the candidate's share, follows it up, and is at 0 after a
rollback, in memory and in the file a reload reads."""
import importlib.util
import pathlib
import subprocess
import urllib.request

import harness
from harness import WayBackTest, free_port, wait_until

# The bucket hash from its specification, as the tests of nginx have it.
spec = importlib.util.spec_from_file_location(
    "e2e_harness", pathlib.Path(__file__).resolve().parents[1] / "e2e" / "harness.py")
e2e = importlib.util.module_from_spec(spec)
spec.loader.exec_module(e2e)

SALT = e2e.xxh64(b"checkout", 0)

# Users are told apart as in every gateway of ours: XXH64 of the key, seeded with that of the
# release's name, 63 bits of it, in millionths.
CONFIG = """
global
  stats socket {folder}/haproxy.sock mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend in
  bind 127.0.0.1:{port}
  http-request set-var(txn.share) str(checkout),map_str_int({folder}/release.map,0)
  http-request set-var(txn.bucket) req.hdr(X-User),xxh64({salt}),and(9223372036854775807),mod(1000000)
  acl candidate var(txn.bucket),sub(txn.share) lt 0
  http-request return status 200 content-type text/plain string candidate if candidate
  http-request return status 200 content-type text/plain string baseline
"""


class Haproxy(WayBackTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.map = self.folder / "release.map"
        self.map.write_text("# shares in millionths\nother 700000\n")
        (self.folder / "h.cfg").write_text(
            CONFIG.format(folder=self.folder, port=self.port, salt=SALT - (1 << 64) if SALT >> 63 else SALT))
        self.haproxy = subprocess.Popen(["haproxy", "-f", self.folder / "h.cfg"],
                                        stdout=subprocess.DEVNULL,
                                        stderr=open(self.folder / "haproxy.err", "w"))
        self.addCleanup(self.stop_haproxy)
        wait_until("HAProxy", lambda: self.arm("somebody", quiet=True))

    def stop_haproxy(self):
        self.haproxy.kill()
        self.haproxy.wait()

    def arm(self, user, quiet=False):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/",
                                         headers={"X-User": user})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            if quiet:
                return None
            raise

    def candidates(self, users=200):
        return sum(self.arm(f"user-{i}") == "candidate" for i in range(users))

    def config(self):
        return (f"haproxy: {{edge: {{socket: {self.folder}/haproxy.sock, map: {self.map}, "
                "key: checkout}}\n")

    def test_the_share_follows_and_goes_back(self):
        run = self.relc('    route haproxy "edge"\n    quarantine candidate\n', self.config())
        run.start()
        run.wait_for("step_advanced")
        wait_until("half of the traffic", lambda: "checkout 500000\n" in self.map.read_text())
        # Exactly those users whom nginx would give the candidate at this share.
        for user in (f"user-{i}" for i in range(300)):
            expected = "candidate" if e2e.bucket_of(user, "checkout") < 500_000 else "baseline"
            self.assertEqual(self.arm(user), expected, user)
        self.roll_back(run)
        run.wait_for("quarantined")
        self.assertEqual(self.candidates(), 0)
        self.assertEqual(self.map.read_text(),
                         "# shares in millionths\nother 700000\ncheckout 0\n")

    def test_a_proxy_that_comes_late_is_caught_up_with(self):
        run = self.relc('    route haproxy "edge"\n    quarantine candidate\n', self.config())
        run.start()
        run.wait_for("step_advanced")
        self.stop_haproxy()
        self.roll_back(run)
        wait_until("a try that failed",
                   lambda: any(a["status"] == "waiting" for a in run.status()["actions"]))
        self.haproxy = subprocess.Popen(["haproxy", "-f", self.folder / "h.cfg"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run.wait_for("action_done")
        self.assertEqual(self.candidates(), 0)


if __name__ == "__main__":
    harness.main()
