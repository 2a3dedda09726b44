"""All benchmarks: figures to docs/benchmarks.json, and the page docs/benchmarks.md drawn from them.

Run as ``python benchmarks/run.py``, on a quiet machine; ``--page`` draws the page from the figures at hand.
"""

import json
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
FIGURES = DOCS / "benchmarks.json"

INTRODUCTION = """# Benchmarks

`make bench` measures the package beside its rivals in one run, in turns, and rewrites this page. The ratio is the
figure: how much longer the rival takes than `renp` (below 1: `renp` is slower); times hold for this machine alone.
Errors are the largest relative ones against arithmetic with 50 digits, at random distances down to 10⁻⁹ from all
thresholds.

The rivals are a notebook's NumPy (nine ordered pairs, nothing shared), optimised NumPy (six pairs, what they share
computed once, no division in the loop), numba with the same loop on all cores, and C by hand, with vector
instructions of the machine, on one core and on all. C and numba are given thresholds with all their digits, which
they need to be right near them; the notebook is not.

Where the package is slower than C, this is why:

- At few photon energies a call costs some 30 µs besides its work: checks, and JAX looks at every number of the atom, the
  neutrinos and the model.
- At 10⁷ photon energies the memory of the result has to come from the system, page by page. NumPy, which gives C its
  arrays, asks for huge pages, XLA does not: compare the page faults.
- In a batch of models every model has its own 3×3 matrices, which JAX keeps complex and one after the other, so that the
  processor gathers elements of eight models for each of its vectors: about half of the time goes as soon as mixing and
  moment stay the same (*by what changes*). That C may know that the weak matrices are products of three real numbers
  ("rank one") does not explain it: given any complex matrices of each model, it takes 1.2 times as long. The table has
  the times; those of the package are on all cores.
- Of a likelihood's value in 22 parameters some half is the compiled loop; the rest are chunks, the first of which is computed
  alone so that it is compiled once, and the start of threads. Chunks that are views instead of copies gained nothing.
- A likelihood with masses and mixing computes seven spectra for each data set, and its gradient goes back through the same
  matrices.

`make price` measures what calls and commands cost. A command costs little more than what it imports: in processor time, and in
units of a process that imports JAX and adds two arrays, the second run of `validate` and `bounds` 1.0, `counts` 1.2,
`spectrum` 1.4, `limits` 1.8 and `plan` 2.1. What brought it there, step by step:

- Python's searches for cycles among objects that live as long as the process, and those at its end, were a fifth of each
  command: `validate` took 1.8, `limits` 4.5, and 1.2 and 3.4 without them (with the package's own files compiled each time). (The unit has its own searches.)
- JAX's own cache saves compiling, and not tracing: of the 1.9 s of `limits`, tracing, lowering and looking up took 1.0 s. Programs
  are kept as they run instead, by the source of the package, the versions below it, the processor and the structure of the
  arguments: `counts` from 1.9, `spectrum` from 2.4, `limits` from 3.4, `plan` from 4.7. What JAX's export would keep is
  lowered and looked up again in each process, so that it was not taken.
- What is left of `validate` are imports: JAX half, Equinox a fifth, the package's own modules, pydantic and cyclopts the
  rest. Without JAX, values would need a second form, and their checks, too.

In a notebook nothing is kept unasked, and first calls trace and compile. With `renp.cache()` the first `upper_limits`, `fit` and
`plan` of the next process take 3.4, 1.6 and 1.6 units of processor time. Without it `plan` takes some 5, `fit` 4, and the first observed
limits 6.5, before 12: two thirds of that is the compiler, the programs of the exact set of accepted couplings and of the quadratic form
of the rates above all. Toys of NumPy instead of JAX took 1.6 s of 8.4 s away, one program for few and for many data sets another 1 s. A compiler
that optimises nothing would take 1.3 s more away, and gives programs that are 2.5 times slower, so that the p-values of 24 000 toys
cost as much again.

The tests, too, mostly compile: of 882 s for 3282 quick ones XLA took 389, tracing 112 and lowering 89, for 2500 programs that differ in
their structure. `make test` runs what is quick and of many cases the first, in 6 to 8 min on two cores; `make test-all` runs all.

"""


def main() -> None:
    """Measure, unless told not to, and draw the page."""
    wrong = 0
    if "--page" not in sys.argv:
        import kernel
        import profiled_limits
        import scan_rate
        import start
        import statistics_of_counts as counts
        from measure import machine

        rows: list[dict[str, Any]] = []
        for part in (
            kernel.spectra,
            kernel.batches,
            kernel.shares,
            counts.likelihoods,
            counts.fits,
            counts.limits,
            counts.exact,
        ):
            rows += _said(part())
        profiled, wrong = profiled_limits.measured()
        for part in (lambda: profiled, start.plans, scan_rate.scans, start.starts, start.compilations):
            rows += _said(part())
        FIGURES.write_text(
            json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n", encoding="utf-8"
        )
    (DOCS / "benchmarks.md").write_text(
        page(json.loads(FIGURES.read_text(encoding="utf-8"))), encoding="utf-8"
    )
    sys.exit(wrong > 0)


def page(figures: dict[str, Any]) -> str:
    """Return the page of the figures."""
    machine = "".join(f"- {name}: {value}\n" for name, value in figures["machine"].items())
    text = INTRODUCTION + "## The machine\n\n" + machine
    for what in dict.fromkeys(row["what"] for row in figures["rows"]):
        rows = [row for row in figures["rows"] if row["what"] == what]
        more = [
            key
            for key in ("error", "deviation", "temporaries", "page faults")
            if any(key in row for row in rows)
        ]
        text += f"\n## {what[0].upper()}{what[1:]}\n\n"
        text += "| " + " | ".join(["", "each", "ratio", *more]) + " |\n" + "|---" * (3 + len(more)) + "|\n"
        for row in rows:
            cells = [row["method"], row["each"], f"{row['ratio']:.3g}", *(_cell(key, row) for key in more)]
            text += "| " + " | ".join(cells) + " |\n"
    return text


def _cell(key: str, row: dict[str, Any]) -> str:
    if key not in row:
        return ""
    if key == "page faults":
        return f"{row[key]:,}"
    return f"{row[key] / 1e6:,.1f} MB" if key == "temporaries" else f"{row[key]:.1e}"


def _said(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for row in rows:
        print(f"{row['what']:55}{row['method']:32}{row['each']:>12}{row['ratio']:10.3g}", flush=True)
    return rows


if __name__ == "__main__":
    main()
