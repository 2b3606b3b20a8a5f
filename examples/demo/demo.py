#!/usr/bin/env python3
"""The main job on live traffic: a canary of a fraud model behind nginx, that turns slow, fails, or
is fine. Everything is real and on loopback; nothing is left running.

    python3 examples/demo/demo.py --build-dir build [--fault slow|errors|none]

Exit code 0 only if the release ended as it should: rolled back for `slow` and `errors`, completed
for `none`; 1 if it ended otherwise, 2 if the deployment did not work."""
import argparse
import pathlib
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from deployment import SOURCE, Deployment, DeploymentError, time_ns_of, wait_until  # noqa: E402
from view import View, milliseconds, percent  # noqa: E402

POLICY = SOURCE / "examples" / "01_canary.release"
RELEASE = "fraud_v13"
CONFIG = SOURCE / "examples" / "demo" / "relc.yaml"
RATE = 1200                # requests a second
LIMIT_S = 52               # the whole run; the promise is 60 s
SCALE_TIME = 0.4           # stage and soak times only
FAULT_AT_STEP = 2          # of the canary
SLOW_MS = 600
ERROR_SHARE = 0.12
ROUTE_LIMIT_MS = 250       # true verdict to the last request routed to the candidate
EXPECTED = {"slow": "rolled_back", "errors": "rolled_back", "none": "completed"}


class Interrupted(Exception):
    pass


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupted(*_):
    for number in SIGNALS:  # a second one must not break the clearing up
        signal.signal(number, signal.SIG_IGN)
    raise Interrupted


def inject(deployment, fault):
    if fault == "slow":
        return deployment.candidate.fault(latency_ms=SLOW_MS)
    return deployment.candidate.fault(error_share=ERROR_SHARE)


def fault_text(fault):
    if fault == "slow":
        return f"every answer of the candidate now takes {SLOW_MS} ms longer"
    return f"{percent(ERROR_SHARE)} of the candidate's answers are now errors"


def watch(deployment, fault, view, began):
    """Shows the release until it has ended: (last status, when the fault began or None)."""
    fault_ns = None
    while True:
        status = deployment.sidecar.status()
        elapsed = time.monotonic() - began
        view.show(elapsed, status, RATE)
        if status["phase"] in ("rolled_back", "completed", "withdrawn"):
            return status, fault_ns
        due = status["phase"] == "running" and status["step"] >= FAULT_AT_STEP
        if fault != "none" and fault_ns is None and due:
            fault_ns = inject(deployment, fault)
            view.note(f"--- {elapsed:.1f} s: {fault_text(fault)}")
        if elapsed > LIMIT_S:
            raise DeploymentError(f"the release is still {status['phase']} after {LIMIT_S} s")
        time.sleep(0.2)  # the pace of the picture; nothing waits for it


def decision_text(decision):
    share = percent(decision["share"])
    rule = f"  [{decision['rule']}]" if decision["rule"] else ""
    if decision["rule"] and f"`{decision['rule']}`" in decision["because"]:
        rule = ""  # it is named already
    return (f"  {decision['time'][11:]}  {decision['kind']:18} {decision['stage'] or '-':8} "
            f"{share:>6}  {decision['because']}{rule}")


def evidence_text(row):
    if row["unknown"]:
        cause = row['unknown'].replace('_', ' ')
        return f"  {row['expr']} unknown: {cause}, {row['samples']:,} samples"
    units = {"ratio": percent, "s": milliseconds}
    value = units.get(row["unit"], lambda v: f"{v:g} {row['unit'] or ''}".strip())(row["value"])
    return f"  {row['expr']} = {value}, {row['samples']:,} samples"


def report_of(status):
    """The newest report in the folder that the status names."""
    found = pathlib.Path(status["reports"]).rglob("*.md")
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def tell_rollback(decision, records, fault_ns):
    """Prints the evidence and the times; gives the problems found."""
    verdict_ns = time_ns_of(decision)
    print("\nEvidence of the rollback")
    print(f"  {decision['rule']}")
    for row in decision["evidence"]:
        print(evidence_text(row))
    candidate = [record["sent_ns"] for record in records if record["variant"] == "candidate"]
    if not candidate:
        return ["the load never met the candidate"]
    after_ms = (max(candidate) - verdict_ns) / 1e6
    print("\nTimes")
    if fault_ns is not None:
        print(f"  time to evidence (fault to true verdict)                   "
              f"{(verdict_ns - fault_ns) / 1e9:8.2f} s")
    print(f"  true verdict to the last request routed to the candidate   "
          f"{max(after_ms, 0):8.1f} ms")
    if after_ms < 0:
        print(f"    (the last one had been sent {-after_ms:.1f} ms before the verdict)")
    if after_ms >= ROUTE_LIMIT_MS:
        return [f"requests went to the candidate {after_ms:.0f} ms after the verdict, "
                f"{ROUTE_LIMIT_MS} ms are allowed"]
    return []


def tell(fault, status, fault_ns, history, summary, records):
    print("\nDecisions (relc history)")
    for decision in history:
        print(decision_text(decision))
    problems = []
    if status["phase"] != EXPECTED[fault]:
        problems.append(f"the release is {status['phase']}, expected {EXPECTED[fault]}")
    went_back = [entry for entry in history if entry["kind"] == "rolled_back"]
    if went_back:
        problems += tell_rollback(went_back[0], records, fault_ns)
    print("\nTraffic")
    print(f"  {summary['sent']:,} requests at {summary['rate']:,.0f}/s, {summary['candidate']:,} "
          f"to the candidate, {summary['failed']:,} failed")
    if summary["rate"] < 1000:
        problems.append(f"the load reached {summary['rate']:.0f} requests a second, not 1,000")
    report = None
    if went_back:
        report = report_of(status)
        if report is None:
            problems.append("there is no report")
        else:
            print(f"\nReport: {report}")
    return problems, report


def clear(folder, kept):
    """Removes all of `folder` but the report, which stays where the decision log names it."""
    text = kept.read_bytes() if kept is not None else None
    shutil.rmtree(folder)
    if text is not None:
        kept.parent.mkdir(parents=True)
        kept.write_bytes(text)


def run(build, fault, folder):
    """Gives the problems found, and the report or None."""
    view = View()
    with Deployment(build, folder, POLICY, RELEASE, SCALE_TIME, config=CONFIG) as deployment:
        view.note(f"policy {POLICY.relative_to(SOURCE)}; stage and soak times x {SCALE_TIME:g}")
        deployment.start()
        view.note(f"gateway http://127.0.0.1:{deployment.gateway.port}/score, baseline on "
                  f"{deployment.baseline.port}, candidate on {deployment.candidate.port}")
        load = deployment.load(RATE, LIMIT_S + 5)
        began = time.monotonic()
        deployment.sidecar.start()
        status, fault_ns = watch(deployment, fault, view, began)
        # After a rollback the actions of the way back run; the log is whole once they are done.
        wait_until("everything after the end is done",
                   lambda: deployment.sidecar.status()["settled"], 10, 0.1)
        history = deployment.sidecar.history()
        # A second more of traffic shows that nobody gets the candidate any more.
        after = time.monotonic() + 1
        wait_until("a second of traffic more", lambda: time.monotonic() > after, 5)
        summary, records = load.finish()
        return tell(fault, status, fault_ns, history, summary, records)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build-dir", default="build")
    parser.add_argument("--fault", choices=sorted(EXPECTED), default="slow")
    options = parser.parse_args()
    for number in SIGNALS:
        signal.signal(number, interrupted)
    began = time.monotonic()
    folder = tempfile.mkdtemp(prefix="relc-demo-")
    report = None
    try:
        problems, report = run(options.build_dir, options.fault, folder)
    except Interrupted:
        print("\ndemo: stopped; nothing is left running", file=sys.stderr)
        return 130
    except (DeploymentError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    finally:
        clear(folder, report)
    for problem in problems:
        print(f"demo: {problem}", file=sys.stderr)
    if not problems:
        print(f"\nThe outcome is the expected one: {EXPECTED[options.fault].replace('_', ' ')}. "
              f"{time.monotonic() - began:.0f} s in all.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
