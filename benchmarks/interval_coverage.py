"""Measure the coverage of every kind of interval and print the documentation's page about it."""

import sys

import renp
from renp.inference.toys import measure_coverage
from renp.inference.upper_limits import upper_limits
from renp.papers.letter import setup
from renp.results.toys import Coverage

TOYS = 100_000
EXPOSURES = (1.0, 0.1, 0.01)
PARTS = (0.5, 1.0, 1.5)

HEAD = """# Coverage of intervals

How often an interval that is quoted at 90 % contains the true value, from {toys:,} toys for each line: the letter's seven
photon energies (preset `letter`), for its exposure (10 days each), a tenth and a hundredth of it, with |μ_11| at a half, once and 1.5
times the limit that the standard model's expectation gives by the letter's method ({limit} μ_B at the letter's exposure; it
grows with the fourth root of the exposure's inverse, and faster for few counts). {nuisances} Made by `make coverage`.

"""

TAIL = """
What it says:

- "delta-chi2" is the letter's method, Δχ² = 2.71 above the minimum. As an upper limit it over-covers wherever the best fit can be
  below the truth without being excluded: what is quoted as 90 % is close to 95 %.
- "asymptotic" is the one-sided limit with the boundary at 0; it assumes many counts, and where they are few it is wrong by
  the most: {asymptotic}.
- "cls", here by its formula for many counts, over-covers on purpose, most where there is little sensitivity. Where one or two
  events are expected the formula covers too little, so that `upper_limits` lists all outcomes there, and then covers at least as said.
- Only "feldman-cousins", whose critical values come from toys, keeps 90 % at every exposure.
"""


def page(nuisances: renp.Nuisances, words: str) -> str:
    """Return the page for one choice of nuisance parameters."""
    scenario = setup()
    limits = upper_limits(scenario.experiment, scenario.neutrinos, couplings=None)
    limit = limits.limits["magnetic-moment"]["11"]
    units = {"μ_11": renp.MagneticMoment({(1, 1): 1.0})}
    likelihood = renp.Likelihood(scenario.experiment, scenario.neutrinos, units, nuisances=nuisances)

    def report(part: float) -> None:
        print(f"{100 * part:.0f} %", file=sys.stderr)

    found = measure_coverage(
        likelihood,
        "μ_11",
        tuple(part * limit for part in PARTS),
        exposures=EXPOSURES,
        toys=TOYS,
        progress=report,
    )
    lines = [
        "| exposure | expected counts | true μ_11 (μ_B) | interval | coverage | failed toys |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.exposure:g} | {row.expected_counts:.2f} | {row.value:.2e} | {row.kind} | "
        f"{row.coverage:.4f} ± {row.error:.4f} | {row.failed} |"
        for row in found.rows
    ]
    head = HEAD.format(toys=TOYS, limit=f"{limit:.2e}", nuisances=words)
    return head + "\n".join(lines) + "\n" + TAIL.format(asymptotic=_range(found, "asymptotic limit"))


def _range(found: Coverage, kind: str) -> str:
    """Return the least and the largest coverage of a kind at each exposure."""
    said = []
    for exposure in EXPOSURES:
        of_kind = [row.coverage for row in found.rows if row.kind == kind and row.exposure == exposure]
        low, high = 100 * min(of_kind), 100 * max(of_kind)
        said.append(f"{low:.1f} to {high:.1f} % at exposure {exposure:g}")
    return ", ".join(said)


if __name__ == "__main__":
    print(
        page(
            renp.Nuisances(normalisation_error=0.05),
            "The rate is uncertain by 5 %; the external measurement of it fluctuates with the counts.",
        ),
        end="",
    )
