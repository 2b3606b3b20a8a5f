#!/usr/bin/env python3
"""No program that only checks has libLLVM or libcurl among its needed libraries."""
import subprocess
import sys

FORBIDDEN = ("libLLVM", "libcurl")

bad = []
for program in sys.argv[1:]:
    dynamic = subprocess.run(["readelf", "-d", program], check=True, capture_output=True, text=True)
    needed = [line for line in dynamic.stdout.splitlines() if "NEEDED" in line]
    if not needed:
        bad.append(f"{program}: readelf lists no needed library, the check has seen nothing")
    bad += [f"{program}:{line.strip()}" for line in needed for name in FORBIDDEN if name in line]
print("\n".join(bad) or f"{len(sys.argv) - 1} programs checked")
sys.exit(1 if bad or len(sys.argv) < 2 else 0)
