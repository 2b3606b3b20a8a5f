#!/usr/bin/env python3
"""Runs rel_bench and prints one table: ours, reference, ratio, target.

Benchmarks come in pairs, NAME/reference and NAME/ours. All of them are run in repetitions whose
order is shuffled, so that load from elsewhere falls on both of a pair; medians are compared. A
ratio over its target is marked, and is no failure: figures are read off a quiet run.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

# The most that ours may cost, in references. PERFORMANCE 1.0; the durable record is issue 2's.
TARGETS = {
    "predicate_call": 1.3,
    "jit_cold": 1.2,
    "jit_batch_of_50": 1.5,
    "ingest_64_series": 3.0,
    "ingest_100k_series": 2.0,
    "route_16_byte_key": 2.2,
    "durable_record": 2.0,
    "relc_check": 1.6,
    "relc_check_10k": 1.5,
    "evidence_sweep": 1.3,
    "histogram_add": 3.0,
    "label_join": 1.0,
}

UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def run(build_dir, repetitions, pattern):
    program = os.path.join(build_dir, "bin", "rel_bench")
    command = [
        program,
        "--benchmark_format=json",
        f"--benchmark_repetitions={repetitions}",
        "--benchmark_enable_random_interleaving=true",
        "--benchmark_min_time=0.05",
        f"--benchmark_filter={pattern}",
    ]
    result = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if result.returncode != 0:
        sys.exit(f"table.py: {program} failed with status {result.returncode}")
    return json.loads(result.stdout)


def nanoseconds(entry):
    """Nanoseconds of one call: of the counter when a benchmark has one, else of an iteration."""
    if "ns_per_call" in entry:
        # An inverted rate of calls * 1e-9 in seconds is nanoseconds a call.
        return entry["ns_per_call"]
    return entry["real_time"] * UNITS[entry["time_unit"]]


def medians(report):
    samples = {}
    for entry in report["benchmarks"]:
        if entry.get("run_type") != "iteration":
            continue
        if entry.get("error_occurred"):
            sys.exit(f"table.py: {entry['name']}: {entry['error_message']}")
        name, side = entry["name"].split("/")[:2]
        samples.setdefault((name, side), []).append(nanoseconds(entry))
    return {key: statistics.median(values) for key, values in samples.items()}


def time_text(value):
    if value is None:
        return "-"
    for limit, unit, scale in ((1e3, "ns", 1), (1e6, "us", 1e3), (1e9, "ms", 1e6)):
        if value < limit:
            return f"{value / scale:.3g} {unit}"
    return f"{value / 1e9:.3g} s"


def print_table(found):
    print(f"{'benchmark':<22} {'ours':>10} {'reference':>10} {'ratio':>7} {'target':>7}")
    for name in sorted({name for name, _ in found}):
        sides = {side: value for (other, side), value in found.items() if other == name}
        ours, reference = sides.pop("ours", None), sides.pop("reference", None)
        ratio = ours / reference if ours and reference else None
        target = TARGETS.get(name) if ratio else None
        verdict = "" if not (ratio and target) or ratio <= target else "  over"
        print(f"{name:<22} {time_text(ours):>10} {time_text(reference):>10} "
              f"{f'{ratio:.2f}' if ratio else '-':>7} {target or '-':>7}{verdict}")
        for side, value in sorted(sides.items()):
            print(f"  {side:<20} {time_text(value):>10}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build-dir", required=True)
    parser.add_argument("--repetitions", type=int, default=11, help="at least 11 for a median")
    parser.add_argument("--filter", default=".", help="regular expression of benchmark names")
    arguments = parser.parse_args()
    report = run(arguments.build_dir, arguments.repetitions, arguments.filter)
    context = report["context"]
    print(f"{context['num_cpus']} CPUs, load {context['load_avg'][0]:.2f} at the start, "
          f"median of {arguments.repetitions}, interleaved\n")
    print_table(medians(report))


if __name__ == "__main__":
    main()
