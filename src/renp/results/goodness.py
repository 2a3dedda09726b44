"""How well expected counts describe observed ones: pulls, χ² and its p-value, exact where counts are few."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from renp._types import Reals

Distribution: TypeAlias = Literal["outcomes", "formula"]

AT_ODDS = 0.01
"""A p-value below which counts and what is expected are said to be at odds."""

_WORDS = {"outcomes": "of all outcomes, exact", "formula": "of the χ² distribution"}

_MOST_OUTCOMES = 5000
"""Of all runs together, up to which they are counted."""

_CELLS = 2**15
"""Parts of the χ² in which its distribution is added up, run by run.

Outcomes whose χ² is within a part for each run of the observed one may count as equal to it, or not. Most
often there are none; the largest share of a p-value that was seen to depend on it is 2.3·10⁻³, at 5·10⁻⁵.
"""


@dataclass(frozen=True, eq=False)
class Goodness:
    """How well expected counts describe observed ones; nothing is fitted."""

    pulls: Reals
    """Of each run: their squares add up to χ², and the sign says whether more or less was seen."""
    chi2: float
    """2 Σ [N − n + n ln(n/N)]; infinite where none can be expected and some were seen."""
    degrees_of_freedom: int
    """Runs in which anything is expected."""
    p_value: float
    """Probability of at least this χ²; NaN without degrees of freedom."""
    distribution: Distribution
    """Where the p-value comes from: all "outcomes" that there can be, or the "formula" for many counts."""

    @classmethod
    def of(cls, expected: Reals, observed: Reals) -> "Goodness":
        """Return how well counts are described.

        Parameters
        ----------
        expected
            Counts N of each run, shape (n,), taken as known.
        observed
            Counts, shape (n,).

        Examples
        --------
        >>> few = Goodness.of(np.array([0.5]), np.array([3.0]))
        >>> few.pulls.round(2), round(few.p_value, 4), few.distribution  # 1 − e^(−½) (1 + ½ + ⅛)
        (array([2.4]), 0.0144, 'outcomes')
        >>> Goodness.of(np.array([1e6]), np.array([1.002e6])).distribution
        'formula'
        """
        from scipy.special import kl_div
        from scipy.stats import chi2 as distribution

        shares = 2 * kl_div(observed, expected)
        some = expected > 0
        total, degrees = float(np.sum(shares)), int(np.sum(some))
        exact = _tail(expected[some], shares[some]) if degrees and np.isfinite(total) else None
        by_formula = float(distribution.sf(total, degrees)) if degrees else 0.0 if total else np.nan
        return cls(
            pulls=np.sign(observed - expected) * np.sqrt(shares),
            chi2=total,
            degrees_of_freedom=degrees,
            p_value=by_formula if exact is None else exact,
            distribution="formula" if exact is None else "outcomes",
        )

    def sentence(self, of: str) -> str:
        """Return what χ² and p-value are, and whether the counts are at odds with it.

        Examples
        --------
        >>> Goodness.of(np.zeros(2), np.zeros(2)).sentence("the model")
        'Nothing is expected of the model, and nothing was seen.'
        """
        if np.isnan(self.p_value):
            return f"Nothing is expected of {of}, and nothing was seen."
        runs = f"{self.degrees_of_freedom} run{'' if self.degrees_of_freedom == 1 else 's'}"
        verdict = "are at odds" if self.p_value < AT_ODDS else "agree"
        from_ = f" ({_WORDS[self.distribution]})" if self.degrees_of_freedom else ""
        return (
            f"The counts {verdict} with {of}: χ² = {self.chi2:.4g} for {runs}, p = {self.p_value:.2g}{from_}."
        )


def at_odds(null: float, couplings: Mapping[str, float]) -> tuple[str, ...]:
    """Return what limits on couplings must be read with, if the counts are at odds with no coupling at all.

    Parameters
    ----------
    null
        p-value of the standard model.
    couplings
        Of the best fit of each coupling that was tested; NaN where as many parameters as runs describe the
        counts.

    Examples
    --------
    >>> print(*at_odds(1e-6, {"magnetic-moment 11": 0.2, "magnetic-moment 12": 1e-5}))
    The counts are at odds with the standard model (p = 1e-06), but not with magnetic-moment 11 (p = 0.2).
    >>> at_odds(0.2, {})
    ()
    """
    if not null < AT_ODDS:
        return ()
    said = f"The counts are at odds with the standard model (p = {null:.2g})"
    best = max((p, name) for name, p in {"": -1.0, **couplings}.items() if not np.isnan(p))
    if not best[1]:
        return (f"{said}.",)
    fits = f"{best[1]} (p = {best[0]:.2g})"
    if best[0] >= AT_ODDS:
        return (f"{said}, but not with {fits}.",)
    if any(np.isnan(p) for p in couplings.values()):
        return (f"{said}.",)
    every = f"{said} and with every coupling that was tested, at best {fits}"
    return (f"{every}: what follows from them says little; `renp counts` shows the pulls.",)


def _tail(expected: Reals, shares: Reals) -> float | None:
    """Return the probability of at least the χ² of independent Poisson counts; None if outcomes are many.

    Each run's part of the χ² is rounded to a cell, and the distributions of the runs are convolved; what is
    beyond the sum goes into the last cell. All terms are positive, so that small tails keep their digits.
    """
    from scipy.special import kl_div
    from scipy.stats import poisson

    total = float(np.sum(shares))
    if total == 0:
        return 1.0
    # Outcomes outside of √N ± (√(χ²/2) + 1) have a larger χ² by themselves.
    reach = np.sqrt(total / 2) + 1
    low = np.floor(np.maximum(np.sqrt(expected) - reach, 0.0) ** 2)
    high = np.ceil((np.sqrt(expected) + reach) ** 2)
    if np.sum(high - low + 1) > _MOST_OUTCOMES:
        return None
    width = total / _CELLS
    last = int(np.sum(np.rint(shares / width)))
    tail = np.zeros(last + 1)
    tail[0] = 1.0
    for mean, first, end in zip(expected, low, high, strict=True):
        counts = np.arange(first, end + 1)
        cells = np.minimum(np.rint(2 * kl_div(counts, mean) / width), last).astype(int)
        before, tail = tail, np.zeros_like(tail)
        for cell, probability in zip(cells, poisson.pmf(counts, mean), strict=True):
            inside = max(last - cell, 0)
            tail[last - inside : last] += probability * before[:inside]
            tail[last] += probability * np.sum(before[inside:])
        tail[last] += (poisson.cdf(first - 1, mean) + poisson.sf(end, mean)) * np.sum(before)
    return float(tail[last])
