"""Tests of hypotheses: discoveries, comparisons of models, and the exposure that they need."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renp._types import Reals
from renp.results.base import Result
from renp.results.columns import Column, Declared, Rows
from renp.results.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Probability:
    """A probability with its interval of one standard deviation: the binomial one of toys.

    Examples
    --------
    >>> str(Probability(0.02, 0.017, 0.024)), str(Probability.exact(0.5)), str(Probability(0.0, 0.0, 0.0018))
    ('0.02 ± 0.0035', '0.5', '< 0.0018')
    """

    value: float
    low: float
    high: float

    @classmethod
    def exact(cls, value: float) -> "Probability":
        """Return a probability without an error."""
        return cls(value, value, value)

    def __str__(self) -> str:
        if self.low == self.high or math.isnan(self.value):
            return f"{self.value:.3g}"
        if self.value == 0:
            return f"< {self.high:.2g}"
        if self.value == 1:
            return f"> {self.low:.4g}"
        return f"{self.value:.3g} ± {(self.high - self.low) / 2:.2g}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Discovery(Result):
    """How significantly a coupling differs from zero, with all other parameters profiled."""

    coupling: str
    """Its name."""
    kind: str
    """"expected" (the data are the expectation at a point, Asimov data) or "observed"."""
    sided: str
    """"one-sided" for a magnitude, "two-sided" for a coupling of either sign."""
    q0: float
    """χ²_min without the coupling − χ²_min."""
    significance: float
    """Z = √q_0, in standard deviations."""
    p_value: float
    """Asymptotic."""
    best_fit: dict[str, float]
    """Physical values by parameter."""
    null_fit: dict[str, float]
    """Best fit without the coupling."""
    toys: Reals
    """q_0 of the toys drawn without the coupling whose fits converged."""
    toy_p_value: Probability | None
    """Part of the toys with a q_0 at least as large as that of the data; None without toys."""
    failed: int
    """Toys whose fits did not converge."""
    diagnosis: tuple[str, ...] = ()
    """Other minima of the χ², with the coupling and without it."""

    columns = (
        Column("coupling"),
        Column("kind"),
        Column("sided"),
        Column("q0", ()),
        Column("significance", (), unit="standard deviations"),
        Column("p_value", (), long_name="asymptotic p-value, {of.sided}"),
        Column("best_fit"),
        Column("null_fit"),
        Column("toys", ("toy",), long_name="q0 without the coupling"),
        Column("toy_p_value", name=""),
        Column(lambda d: d.toy_p_value.value if d.toy_p_value else math.nan, (), name="toy_p_value"),
        Column("failed"),
        Column("diagnosis"),
    )

    @property
    def title(self) -> str:
        """Whose significance it is."""
        return f"{self.kind} significance of {self.coupling}"

    def full_table(self) -> Table:
        """Return one row for each number."""
        rows: list[tuple[str, str | float]] = [
            (f"{self.coupling}, best fit", self.best_fit[self.coupling]),
            ("q₀", self.q0),
            ("significance Z (σ)", self.significance),
            (f"p-value, asymptotic, {self.sided}", self.p_value),
        ]
        if self.toy_p_value is not None:
            rows.append((f"p-value, {len(self.toys)} toys", str(self.toy_p_value)))
            rows.append(("toys without a converged fit", self.failed))
        return Table(self.title, ("quantity", "value"), tuple(rows))

    def _draw(self) -> "Figure":
        """Return a figure of the distribution of q₀ without the coupling, and of the data's q₀."""
        from renp.results.hypotheses_plot import draw_discovery

        return draw_discovery(self)


@dataclass(frozen=True)
class Pair:
    """A true and a tested hypothesis: T = χ²_min(tested) − χ²_min(true) and what follows from it."""

    true: str
    tested: str
    statistic: float
    """T for Asimov data of the true hypothesis."""
    reverse: float
    """−T for Asimov data of the tested hypothesis."""
    significance: float
    """√T for Asimov data: the median significance in the Gaussian approximation if ``reverse`` is similar."""
    crossing: float
    """Significance at which errors of both kinds are equally likely, in the Gaussian approximation."""
    observed: float | None
    """T of the observed counts."""
    p_value: Probability
    """Of the tested hypothesis: probability of a T at least as large as the observed one or, without
    observed counts, as the median one if the other hypothesis is true."""
    power: Probability
    """Probability that the tested hypothesis is rejected if the other one is true."""
    failed: int
    """Toys, of both hypotheses, without converged fits."""


@dataclass(frozen=True, eq=False, kw_only=True)
class HypothesisComparison(Result):
    """Two or more hypotheses, each simulated and all fitted.

    Significances are one-sided: a p-value is 1 − Φ(Z).
    """

    names: tuple[str, ...]
    """Of the hypotheses."""
    kind: str
    """"expected" or "observed": what p-values are of."""
    confidence_level: float
    """At which the powers are given."""
    points: dict[str, dict[str, float]]
    """Physical values at which each hypothesis is simulated."""
    pairs: tuple[Pair, ...]
    """Every ordered pair of different hypotheses: one simulated, one tested."""
    fits: dict[str, dict[str, dict[str, float]]]
    """``fits["true"]["tested"]``: best fit of the tested hypothesis to Asimov data of the true one."""
    observed: Reals | None
    """Least χ² of each hypothesis for the observed counts."""
    observed_fits: dict[str, dict[str, float]] | None
    """Best fit of each hypothesis to the observed counts."""
    toys: Reals
    """Least χ², shape (simulated, toys, fitted); not a number where a fit did not converge."""
    diagnosis: tuple[str, ...] = ()
    """Other minima of the χ² of the fits that are given."""

    @property
    def columns(self) -> Declared:
        """Every pair, and the data set's matrices."""
        power = f"power at {100 * self.confidence_level:g} % C.L."
        observed = "T (observed)" if self.kind == "observed" else ""
        pairs = (
            Column("true", heading="true"),
            Column("tested", heading="tested"),
            Column("statistic", heading="T (Asimov)"),
            Column("significance", heading="significance", shown="σ"),
            Column("crossing", heading="crossing", shown="σ"),
            Column("observed", heading=observed),
            Column("p_value", heading="p-value of tested"),
            Column("power", heading=power),
            Column("failed", heading="failed toys"),
        )
        return (
            Column("names", name=""),
            Column("kind"),
            Column("confidence_level"),
            Column("points"),
            Rows("pairs", "", pairs),
            Column("fits"),
            Column("observed", ("fitted",)),
            Column("observed_fits"),
            Column("diagnosis"),
            Column("names", ("simulated",), json="", name="simulated"),
            Column("names", ("fitted",), json="", name="fitted"),
            Column(
                lambda found: found.matrix(),
                ("simulated", "fitted"),
                unit="standard deviations",
                name="significance",
            ),
            Column("toys", ("simulated", "toy", "fitted"), json="", long_name="least chi-square"),
        )

    def pair(self, true: str, tested: str) -> Pair:
        """Return one pair by its names; KeyError if there is none."""
        return {(p.true, p.tested): p for p in self.pairs}[true, tested]

    def matrix(self) -> Reals:
        """Return the Asimov significances, shape (simulated, fitted)."""
        found = np.zeros((len(self.names), len(self.names)))
        for p in self.pairs:
            found[self.names.index(p.true), self.names.index(p.tested)] = p.significance
        return found

    def statistics(self, simulated: str, true: str, tested: str) -> Reals:
        """Return T of the toys of one hypothesis whose fits converged."""
        i, a, b = (self.names.index(name) for name in (simulated, true, tested))
        with np.errstate(invalid="ignore"):
            found = self.toys[i, :, b] - self.toys[i, :, a]
        return np.asarray(found[~np.isnan(found)])

    @property
    def title(self) -> str:
        """Of what kind the tests are, and from what they are."""
        toys = self.toys.shape[1]
        how = f"{toys} toys for each" if toys else "Gaussian approximation"
        return f"{self.kind} tests of hypotheses, {how}"

    def table(self) -> Table:
        """Return all pairs of two hypotheses; for more, the matrix of significances."""
        if len(self.names) == 2:
            return self.full_table()
        rows = tuple((name, *row) for name, row in zip(self.names, self.matrix().tolist(), strict=True))
        title = "Asimov significance √T (σ): simulated in rows, fitted in columns"
        return Table(title, ("", *self.names), rows)

    def _draw(self) -> "Figure":
        """Return the distributions of T of two hypotheses, or the matrix of significances of more."""
        from renp.results.hypotheses_plot import draw_matrix, draw_statistic

        return draw_statistic(self) if len(self.names) == 2 else draw_matrix(self)


@dataclass(frozen=True, eq=False, kw_only=True)
class RequiredExposure(Result):
    """The factor on all durations at which a median significance is reached."""

    significance: float
    """Wanted, in standard deviations."""
    factor: float
    """Infinite where it is never reached, 0 where any exposure is enough."""
    factors: Reals
    """Factors that were tried, increasing."""
    significances: Reals
    """Median significance there."""

    columns = (
        Column("significance", name="wanted"),
        Column("factor", name="required_factor"),
        Column("explanation"),
        Column("factors", ("factor",), "factor on the exposure", name="factor"),
        Column(
            "significances",
            ("factor",),
            "significance",
            "standard deviations",
            shown="σ",
            name="significance",
        ),
    )

    @property
    def explanation(self) -> str:
        """What the factor means, in words."""
        if math.isinf(self.factor):
            return (
                f"never reached: at {self.factors[-1]:.0e} times the exposure the significance is "
                f"{self.significances[-1]:.3g}, as far as the tested hypothesis imitates the true one"
            )
        if self.factor == 0:
            return "any exposure is enough: the tested hypothesis does not allow counts in some run"
        return f"reached at {self.factor:.4g} times the exposure"

    @property
    def title(self) -> str:
        """What is wanted, and what it takes."""
        return f"{self.significance:g} σ: {self.explanation}"

    def _draw(self) -> "Figure":
        """Return a figure of the significance over the exposure."""
        from renp.results.hypotheses_plot import draw_exposure

        return draw_exposure(self)
