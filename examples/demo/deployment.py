"""Real processes of a small deployment on loopback: model servers, nginx with the release module,
the sidecar and a load. Used by the demo and by the end-to-end tests.

Every process is started here, stopped here by its own pid, and listens on a port that was free."""
import calendar
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MODELS = SOURCE / "examples" / "models"
TEMPLATE = pathlib.Path(__file__).resolve().parent / "nginx.conf.in"


class DeploymentError(Exception):
    """Something that should have come up or come true did not."""


def wait_until(what, condition, timeout_s=10.0, every_s=0.02):
    """Polls `condition` until it gives something true, and returns that."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise DeploymentError(f"not within {timeout_s:g} s: {what}")
        time.sleep(every_s)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Child:
    """A child process with its output in files."""

    def __init__(self, name, folder):
        self.name = name
        self.out_path = pathlib.Path(folder) / f"{name}.out"
        self.err_path = pathlib.Path(folder) / f"{name}.err"
        self.process = None

    def launch(self, command, **options):
        if self.running():
            raise DeploymentError(f"{self.name} runs already, as process {self.pid}")
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            # A session of its own: Ctrl-C reaches only the one who started it, who stops the rest.
            self.process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err,
                                            stdin=subprocess.DEVNULL, start_new_session=True,
                                            **options)

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process is not None and self.process.poll() is None

    def output(self):
        return self.out_path.read_text(errors="replace")

    def errors(self):
        return self.err_path.read_text(errors="replace")

    def wait_for_line(self, pattern, timeout_s=10.0):
        def seen():
            found = re.search(pattern, self.output(), re.MULTILINE)
            if found is None and not self.running():
                raise DeploymentError(f"{self.name} ended: {self.errors() or self.output()}")
            return found
        return wait_until(f"{self.name} says {pattern}", seen, timeout_s)

    def kill(self):
        """kill -9, as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout_s=5.0):
        if self.process is None:
            return
        if self.running():
            self.process.terminate()
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)  # its own session: with its children
        self.process.wait()


class ModelServer(Child):
    def __init__(self, deployment, name, model, seed):
        super().__init__(name, deployment.folder)
        self.command = [deployment.bin / "model_server", "--model", model, "--seed", seed]
        self.port = 0

    def start(self):
        self.launch(self.command + ["--port", self.port])
        self.port = int(self.wait_for_line(r"^listening (\d+)$").group(1))

    def fault(self, latency_ms=0, error_share=0):
        """From now on: added latency, and a share of answers 500. Returns when, Unix ns."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        at = time.time_ns()
        connection.request("POST", f"/fault?latency_ms={latency_ms}&error_share={error_share}")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            raise DeploymentError(f"{self.name} refused the fault: {answer.status}")
        return at


class Gateway(Child):
    """nginx. `release`, `location`, `server` are text that goes into the template."""

    def __init__(self, deployment, workers=3):
        super().__init__("nginx", deployment.folder)
        self.deployment = deployment
        self.prefix = deployment.folder / "nginx"
        self.prefix.mkdir()
        self.config_path = self.prefix / "nginx.conf"
        self.log_path = self.prefix / "error.log"
        self.port = free_port()
        self.workers = workers

    def write_config(self, release, location="", server="", baseline_extra="",
                     candidate_extra=""):
        values = {
            "MODULE": self.deployment.build / "lib/nginx/ngx_http_release_module.so",
            "WORKERS": self.workers,
            "PREFIX": self.prefix,
            "PORT": self.port,
            "BASELINE_PORT": self.deployment.baseline.port or 1,
            "CANDIDATE_PORT": self.deployment.candidate.port or 1,
            "BASELINE_EXTRA": baseline_extra,
            "CANDIDATE_EXTRA": candidate_extra,
            "RELEASE": release,
            "LOCATION": location,
            "SERVER": server,
        }
        text = re.sub(r"@([A-Z_]+)@", lambda found: str(values[found.group(1)]),
                      TEMPLATE.read_text())
        self.config_path.write_text(text)

    def command(self, *more):
        # -e: what is said before the configuration's own error_log is read.
        return ["nginx", "-p", self.prefix, "-e", "stderr", "-c", self.config_path, *more]

    def test(self):
        """`nginx -t`: (exit code, what it said)."""
        done = subprocess.run([str(word) for word in self.command("-t")], capture_output=True,
                              text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def start(self):
        self.launch(self.command())
        self.wait_for_port()
        wait_until("all workers are there", lambda: len(self.worker_pids()) == self.workers)

    def wait_for_port(self):
        def answers():
            if not self.running():
                raise DeploymentError(f"nginx ended: {self.errors()}{self.log()}")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        wait_until("nginx accepts connections", answers, 20)

    def reload(self):
        os.kill(self.pid, signal.SIGHUP)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def worker_pids(self):
        """Workers that are not on their way out, oldest first."""
        pids = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                parent = int(re.search(r"^PPid:\s+(\d+)", (entry / "status").read_text(),
                                       re.MULTILINE).group(1))
                title = (entry / "cmdline").read_bytes()
            except (OSError, AttributeError):
                continue
            if parent == self.pid and b"worker process" in title and b"shutting" not in title:
                pids.append(int(entry.name))
        return sorted(pids)

    def get(self, path="/score", user="u-1", region="eu", timeout_s=10, port=None, **more):
        """One request on a connection of its own: (status, headers, body). `more` are headers, with
        `_` for `-`."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout_s)
        query = ("?amount=20&account_age_days=300&foreign_card=0&payments_last_hour=1&night=0"
                 if path == "/score" else "")
        headers = {"X-Region": region}
        if user is not None:
            headers["X-User"] = user
        headers.update({name.replace("_", "-"): value for name, value in more.items()})
        connection.request("GET", path + query, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body


class Sidecar(Child):
    """`relc run POLICY --attach`."""

    def __init__(self, deployment, policy, release, scale_time, config=None, name="sidecar",
                 state=None):
        super().__init__(name, deployment.folder)
        self.deployment = deployment
        self.release = release
        self.control_path = deployment.folder / f"{name}.sock"
        self.command = [deployment.bin / "relc", "run", policy, "--state",
                        state or deployment.state, "--attach", "--release", release, "--control", f"unix:{self.control_path}",
                        "--scale-time", f"{scale_time:g}"]
        if config is not None:
            self.command += ["--config", config]

    def start(self, timeout_s=10.0):
        self.launch(self.command, cwd=self.deployment.folder)
        wait_until("the sidecar answers", self.answers, timeout_s)

    def answers(self):
        if not self.running():
            raise DeploymentError(f"the sidecar ended: {self.errors() or self.output()}")
        try:
            return self.status() is not None
        except (OSError, DeploymentError):
            return False

    def relc(self, *words):
        """Runs a relc command on the control socket: (exit code, stdout, stderr)."""
        command = [self.deployment.bin / "relc", words[0], self.release, *words[1:],
                   "--control", f"unix:{self.control_path}"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              timeout=20)
        return done.returncode, done.stdout, done.stderr

    def ask(self, **request):
        """One request line on the control socket, one answer line back."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(5)
            control.connect(str(self.control_path))
            control.sendall(json.dumps(request).encode() + b"\n")
            with control.makefile("rb") as lines:
                answer = json.loads(lines.readline() or b"{}")
        if not answer.get("ok"):
            raise DeploymentError(f"control socket: {answer.get('error', 'no answer')}")
        return answer

    def status(self):
        """What `relc status --format json` prints, without the process."""
        return self.ask(verb="status", release=self.release)["status"]

    def history(self):
        """The decision log, oldest first."""
        code, out, err = self.relc("history", "--format", "json")
        if code != 0:
            raise DeploymentError(err.strip() or f"relc history: exit code {code}")
        return [json.loads(line) for line in out.splitlines() if line.strip()]


class Load(Child):
    def __init__(self, deployment, name="load"):
        super().__init__(name, deployment.folder)
        self.deployment = deployment
        self.csv = deployment.folder / f"{name}.csv"

    def start(self, rate, duration_s, seed=7):
        self.launch([self.deployment.bin / "load_generator", "--port",
                     self.deployment.gateway.port, "--out", self.csv, "--rate", rate,
                     "--duration-s", duration_s, "--seed", seed])
        self.wait_for_line(r"^started$")

    def finish(self):
        """Lets what is under way end: (summary, records)."""
        if self.running():
            self.process.terminate()
        if self.process.wait(30) != 0:
            raise DeploymentError(f"the load failed: {self.errors()}")
        summary = json.loads(self.output().splitlines()[-1])
        records = []
        with open(self.csv, encoding="ascii") as lines:
            next(lines)
            for line in lines:
                sent, latency, status, variant, region, user = line.rstrip("\n").split(",")
                records.append({"sent_ns": int(sent), "latency_ms": int(latency) / 1000,
                                "status": int(status), "variant": variant, "region": region,
                                "user": user})
        return summary, records


class Deployment:
    """Two model servers, a gateway, a sidecar and loads in one folder. Use it as a context: on
    the way out, however that is, everything it started is stopped."""

    def __init__(self, build, folder, policy, release, scale_time=1.0, workers=3, config=None):
        self.build = pathlib.Path(build).resolve()
        self.bin = self.build / "bin"
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.state.mkdir()
        self.policy = pathlib.Path(policy).resolve()
        self.scale_time = scale_time
        self.baseline = ModelServer(self, "baseline", MODELS / "fraud_v12.json", 1)
        self.candidate = ModelServer(self, "candidate", MODELS / "fraud_v13.json", 2)
        self.gateway = Gateway(self, workers)
        self.sidecar = Sidecar(self, self.policy, release, scale_time, config)
        self.loads = []

    def release_directives(self, policy=None, **changes):
        """The directives of a release; a value of None leaves one out."""
        directives = {
            "release_policy": str(policy or self.policy),
            "release_state": str(self.state),
            "release_key": "$http_x_user",
            "release_id": "$request_id",
            "release_segment": "region $http_x_region",
            "release_scale_time": f"{self.scale_time:g}",
        }
        if not (self.build / "lib" / "librel_codegen.so").exists():
            directives["release_evaluator"] = "interp"  # a build without LLVM
        directives.update(changes)
        return "\n".join(f"    {name} {value};" for name, value in directives.items()
                         if value is not None)

    def start(self, **config):
        for server in (self.baseline, self.candidate):
            if not server.running():
                server.start()
        config.setdefault("release", self.release_directives())
        self.gateway.write_config(**config)
        self.gateway.start()

    def load(self, rate, duration_s, seed=7):
        load = Load(self, f"load{len(self.loads)}")
        self.loads.append(load)
        load.start(rate, duration_s, seed)
        return load

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in [*self.loads, self.sidecar, self.gateway, self.candidate, self.baseline]:
            child.stop()


def time_ns_of(decision):
    """The time of a decision (RFC 3339, milliseconds, UTC) as Unix nanoseconds."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3})Z", decision["time"])
    if found is None:
        raise DeploymentError(f"not a time of the decision log: {decision['time']}")
    seconds = time.strptime(found.group(1), "%Y-%m-%dT%H:%M:%S")
    return (calendar.timegm(seconds) * 1000 + int(found.group(2))) * 1_000_000
