"""`python -m fuzz [KIND] [CASES]`: run fuzzers, and print what they found; kinds are those of `KINDS`."""

import sys

from fuzz.kinds import KINDS
from fuzz.run import fuzz

chosen = [kind for kind in KINDS if not sys.argv[1:] or sys.argv[1] in (kind, "all")]
faults = 0
for kind in chosen:
    case, usual = KINDS[kind]
    found = fuzz(kind, case(), int(sys.argv[2]) if sys.argv[2:] else usual)
    print(found, *found.faults, sep="\n  ", flush=True)
    faults += len(found.faults)
sys.exit(bool(faults) or not chosen)
