"""What a release manager wants to see while a release runs: redrawn in place on a terminal, plain
lines in a pipe."""
import shutil
import sys


def percent(share):
    text = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return f"{text} %"


def both_arms(expr):
    """The expression without its arm: what the two arms' rows have in common."""
    return expr.replace("candidate.", "").replace("baseline.", "")


def everybody(rows):
    """One row of the cells of one expression: everybody's, or for a share the cells together."""
    whole = next((row for row in rows if row["cell"] is None), None)
    if whole is not None or not rows or not rows[0]["expr"].startswith("rate("):
        return whole
    known = [row for row in rows if not row["unknown"]]
    samples = sum(row["samples"] for row in known)
    if not samples:
        return max(rows, key=lambda row: row["samples"])
    value = sum(row["value"] * row["samples"] for row in known) / samples
    return {**known[0], "value": value, "samples": samples}


def aggregate(status, arm, function):
    """The number of `function` (p99, rate ...) to show for an arm: of an expression that the policy
    keeps for both arms, if there is one, so that they can be compared."""
    found = {}
    for row in status["aggregates"]:
        if row["expr"].startswith(function + "("):
            found.setdefault(both_arms(row["expr"]), {}).setdefault(row["arm"], []).append(row)
    ranked = sorted(found.values(), key=len, reverse=True)
    for arms in ranked:
        row = everybody(arms.get(arm, []))
        if row is not None:
            return row
    return None


def shown(row, text):
    if row is None:
        return "not kept by the policy"
    if row["unknown"]:
        return f"unknown ({row['unknown'].replace('_', ' ')}, n={row['samples']:,})"
    return f"{text(row['value'])} (n={row['samples']:,})"


def milliseconds(seconds):
    return f"{seconds * 1000:.0f} ms"


def clock(seconds):
    return f"{seconds:.0f} s"


def stage_text(status):
    phase = status["phase"].replace("_", " ")
    if status["stage"] is None:
        return phase
    step = f", step {status['step']} of {status['steps']}" if status["steps"] > 1 else ""
    return f"{phase}: stage {status['stage']}{step}, share {percent(status['share'])}"


def clock_text(status):
    if status["stage"] is None:
        return "no stage yet"
    if not status["step_duration_s"]:
        return f"stage clock {clock(status['stage_clock_s'])} of soak {clock(status['soak_s'])}"
    return f"step clock {clock(status['step_clock_s'])} of {clock(status['step_duration_s'])}"


def is_pending(status, trigger):
    """A rollback or hold whose condition is true: what is about to happen."""
    if status["phase"] != "running":
        return False
    return trigger["action"] in ("rollback", "hold") and bool(trigger["condition"])


def pending_triggers(status):
    """The pending triggers in words, and since when."""
    lines = []
    for trigger in status["triggers"]:
        if not is_pending(status, trigger):
            continue
        due = f" of {trigger['for_s']:.0f} s" if trigger["for_s"] else ""
        lines.append(f"{trigger['rule']}  true for {trigger['pending_s']:.1f} s{due}")
    return lines


def journal_text(status):
    journal = status["journal"]
    return "journal ok" if journal["ok"] else f"journal FAILING: {journal['error']}"


class View:
    def __init__(self, stream=sys.stdout):
        self.stream = stream
        self.in_place = stream.isatty()
        self.drawn = 0
        self.last_plain_s = None
        self.last_pending = []

    def note(self, text):
        """A line that stays."""
        self.erase()
        print(text, file=self.stream, flush=True)

    def erase(self):
        if self.drawn:
            self.stream.write(f"\x1b[{self.drawn}A\x1b[J")
            self.drawn = 0

    def show(self, elapsed_s, status, load_rate):
        if self.in_place:
            self.draw(elapsed_s, status, load_rate)
            return
        # A line a second, and one whenever another trigger becomes pending: that may last less.
        pending = [trigger["rule"] for trigger in status["triggers"] if is_pending(status, trigger)]
        due = self.last_plain_s is None or elapsed_s - self.last_plain_s >= 1
        if due or pending != self.last_pending:
            self.last_plain_s = elapsed_s
            self.last_pending = pending
            print(self.plain(elapsed_s, status), file=self.stream, flush=True)

    def arms(self, status):
        rows = []
        for arm in ("baseline", "candidate"):
            p99 = shown(aggregate(status, arm, "p99"), milliseconds)
            errors = shown(aggregate(status, arm, "rate"), percent)
            rows.append((arm, p99, errors))
        return rows

    def plain(self, elapsed_s, status):
        arms = "; ".join(f"{arm} p99 {p99}, errors {errors}"
                         for arm, p99, errors in self.arms(status))
        pending = "; ".join(pending_triggers(status)) or "none"
        held = f"; held: {status['held_because']}" if status["held"] else ""
        return (f"{elapsed_s:5.1f} s  {stage_text(status)}; {clock_text(status)}; {arms}; "
                f"pending: {pending}{held}; {journal_text(status)}")

    def draw(self, elapsed_s, status, load_rate):
        width = shutil.get_terminal_size().columns - 1
        filled = round(status["share"] * 40)
        lines = [
            f"{status['release']}  {elapsed_s:.0f} s, {load_rate:,} requests/s",
            f"  {stage_text(status)}, {clock_text(status)}",
            f"  candidate [{'#' * filled}{'.' * (40 - filled)}] {percent(status['share'])}",
            "",
            f"  {'':10} {'p99':32} {'error rate':32}",
        ]
        lines += [f"  {arm:10} {p99:32} {errors:32}" for arm, p99, errors in self.arms(status)]
        pending = pending_triggers(status)
        lines += ["", "  pending: " + (pending[0] if pending else "nothing")]
        lines += [f"           {line}" for line in pending[1:]]
        if status["held"]:
            lines.append(f"  held: {status['held_because']}")
        lines.append(f"  {journal_text(status)}")
        self.erase()
        self.stream.write("".join(line[:width] + "\n" for line in lines))
        self.stream.flush()
        self.drawn = len(lines)
