"""The best fit to one data set, with its errors and what is wrong with it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from renp._types import Reals
from renp.results.base import Result
from renp.results.columns import Column, Rows
from renp.results.goodness import Goodness
from renp.results.information import Correlations, draw_matrix, write_numbers
from renp.results.profiles import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


FEW = 5.0
"""Expected counts of a run below which the p-value is approximate."""

_BOTH = ("parameter", "other")

Group: TypeAlias = "list[Estimate]"

_POINT, _EXPECTED = "#0072B2", "0.85"
_SPREAD = 30.0
"""Largest ratio of sizes that share an axis."""
_LETTERS = 18
"""Of a line of a parameter's name."""
_LEFT = 0.64
"""Share of a slide's width for parameters and counts, beside their correlations."""
_LINE = 0.26
"""Height of a parameter in a journal's column, inches."""
_NARROW = 0.55
"""Of a screen's width, below which parameters and counts stand below each other."""

FITTED, FIXED, UNDETERMINED = "fitted", "fixed", "undetermined"
AT_LOWER, AT_UPPER, AT_EDGE = "at lower boundary", "at upper boundary", "at a threshold"


@dataclass(frozen=True)
class Estimate:
    """One parameter at the best fit; NaN for what it does not have."""

    name: str
    kind: str
    """"magnitude", "coupling", "constrained", "relative" or "free"."""
    unit: str
    value: float
    """Physical value."""
    error: float
    """Symmetric error from the curvature of the χ², one standard deviation."""
    lower: float
    """Lower end of the profile's interval; a boundary if it is not reached, or −∞."""
    upper: float
    """Upper end."""
    pull: float
    """Distance from the external measurement in its standard deviations."""
    pull_error: float
    """Symmetric error of the pull: below 1 if the counts tell more than the external measurement."""
    status: str
    """"fitted", "fixed", "undetermined", "at lower boundary", "at upper boundary" or "at a threshold"."""

    @property
    def label(self) -> str:
        """The name, with bars for a magnitude and with the unit."""
        return label(self.name, self.unit, self.kind == "magnitude")


def _cell(number: str) -> Callable[[Estimate], str | float]:
    """Return what shows a number of an estimate: nothing for what it does not have."""
    return lambda estimate: "" if math.isnan(value := getattr(estimate, number)) else value


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit(Result):
    """Best fit, errors, goodness of fit and diagnosis."""

    estimates: dict[str, Estimate]
    """By the names of the parameters, in their order."""
    covariance: Reals
    """Of the coordinates, shape (p, p): see `Likelihood`. 0 for what is fixed or at a boundary, NaN if
    undetermined."""
    coordinates: Reals
    """Coordinates of the best fit."""
    chi2: float
    """At the best fit."""
    degrees_of_freedom: int
    """Runs less fitted parameters that nothing else measures."""
    p_value: float
    """Probability of a larger χ², NaN without degrees of freedom; approximate if few counts are expected."""
    confidence_level: float
    """Of the intervals."""
    photon_energy: Reals
    """eV."""
    observed: Reals
    """Counts that were fitted, shape (n,)."""
    expected: Reals
    """Counts at the best fit."""
    valid: bool
    """Whether the best fit can be trusted; `diagnosis` says what is wrong."""
    diagnosis: tuple[str, ...]
    """What is wrong or special, and what to do: plain sentences."""

    columns = (
        Column("valid"),
        Column("diagnosis"),
        Column("confidence_level"),
        Column("chi2"),
        Column("degrees_of_freedom"),
        Column("p_value"),
        Rows(
            "estimates",
            "parameter",
            (
                Column("name", json="", name="parameter"),
                Column("label", heading="parameter", json="", name=""),
                *(Column(_cell(n), heading=n) for n in ("value", "error", "lower", "upper", "pull")),
                *map(Column, ("kind", "unit", "value", "error", "lower", "upper", "pull", "pull_error")),
                Column("status", heading="status"),
            ),
            json="parameters",
        ),
        Column(lambda fit: list(fit.estimates), ("other",), name="other"),
        Column("coordinates", name=""),
        Column("covariance", _BOTH, json="covariance_of_coordinates", long_name="of the coordinates"),
        Column("correlation", _BOTH, json="", long_name="of the coordinates"),
        Column("photon_energy", ("run",), unit="eV"),
        Column("observed", ("run",), unit="counts"),
        Column("expected", ("run",), unit="counts"),
    )

    def __getitem__(self, name: str) -> Estimate:
        """Return the estimate of a parameter."""
        return self.estimates[name]

    @property
    def correlation(self) -> Reals:
        """Correlation of the coordinates, shape (p, p)."""
        spread = np.sqrt(np.diag(self.covariance))
        scale = np.where(spread > 0, spread, 1.0)
        whole = self.covariance / scale / scale[:, None]
        np.fill_diagonal(whole, 1.0)
        return whole

    def correlations(self) -> Correlations:
        """Return the correlations of the parameters that have a symmetric error, with a picture of their own.

        Examples
        --------
        >>> import renp
        >>> yb = renp.Atom.named("Yb")
        >>> runs = renp.Experiment(yb, renp.Target(), [1.068], 864000.0, 1e-4, counts=[220])
        >>> unsure = renp.Nuisances(background_error=0.1)
        >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()}, nuisances=unsure)
        >>> renp.fit(likelihood).correlations().correlation.round(2)
        array([[ 1.  , -0.49],
               [-0.49,  1.  ]])
        """
        there = np.flatnonzero(np.diag(self.covariance) > 0)
        return Correlations(
            names=tuple(np.array(list(self.estimates))[there].tolist()),
            correlation=self.correlation[np.ix_(there, there)],
            made_by=self.made_by,
        )

    @property
    def few_counts(self) -> bool:
        """Whether so few counts are expected in a run that the p-value is approximate."""
        return bool(np.any(self.expected < FEW))

    @property
    def title(self) -> str:
        """How good the fit is, and what the intervals are."""
        quality = f"χ² = {round(self.chi2, 6):.4g}, {_counted(self.degrees_of_freedom)}"
        if math.isfinite(self.p_value):
            approximate = " (few counts: approximate)" if self.few_counts else ""
            quality += f", p = {self.p_value:.2g}{approximate}"
        verdict = "Best fit" if self.valid else "Best fit, NOT VALID"
        level = f"{100 * self.confidence_level:g} % C.L."
        return f"{verdict}: {quality}; profile intervals at {level}, errors of one standard deviation"

    def _draw(self) -> "Figure":
        """Return a figure: each parameter with its interval, the counts with their pulls, and correlations.

        What was measured elsewhere is ranked by how strongly it is correlated with the first coupling.
        """
        import matplotlib.pyplot as plt

        from renp.results.style import legend, on_slide, settle, sized

        groups, correlations = _groups(self._ranked()), self.correlations()
        matrix = len(correlations.names) > 1
        heights = [max(1.0, 0.6 * _lines(group)) * len(group) + 2.2 for group in groups] or [4.0]
        usual = 9.6 if groups else 5.6
        width = sized((usual, 1.0))[0]
        narrow = width < _NARROW * usual
        tall = [_LINE * sum(heights), 2.6] if narrow and groups else [max(4.6, 0.36 * sum(heights))]
        below = min(0.46 * len(correlations.names) + 1.8, 0.62 * width + 1.1)
        size = (width, sum(tall) + matrix * below)
        if on_slide():
            size = sized(size)
        figure = plt.figure(figsize=size, layout="constrained")
        if on_slide():
            parts: Any = figure.subfigures(1, 1 + matrix, width_ratios=[_LEFT, 1 - _LEFT][: 1 + matrix])
        else:
            parts = figure.subfigures(1 + matrix, 1, height_ratios=[sum(tall), below][: 1 + matrix])
        top = np.ravel(parts)[0]
        if groups:
            split: Any = {"height_ratios": tall} if narrow else {"width_ratios": [1.15, 1]}
            left, right = np.ravel(top.subfigures(*((2, 1) if narrow else (1, 2)), **split))
            panels = left.subplots(len(groups), 1, height_ratios=heights, squeeze=False)[:, 0]
            for axes, group in zip(panels, groups, strict=True):
                _draw_group(axes, group, self.confidence_level)
        upper, lower = (right if groups else top).subplots(2, 1, sharex=True, height_ratios=[3, 1])
        share = 0.45 if groups and not narrow else 1.0
        _draw_counts(upper, lower, self, share * (_LEFT if on_slide() and matrix else 1.0))
        if matrix:
            square = parts[1].subplots()
            draw_matrix(square, correlations.names, correlations.correlation, numbered=True)
        legend(figure)
        if matrix:
            settle(figure)
            write_numbers(square, correlations.correlation)
        return figure

    def _ranked(self) -> Group:
        """Return the estimates, those with a pull by their correlation with the first coupling."""
        order = list(self.estimates.values())
        strength = np.abs(np.nan_to_num(self.correlation[0])) if order else np.zeros(0)
        rank = {e.name: 0.0 if math.isnan(e.pull) else -x for e, x in zip(order, strength, strict=True)}
        return sorted(order, key=lambda e: (not math.isnan(e.pull), rank[e.name]))


def _counted(degrees: int) -> str:
    number = degrees if degrees > 0 else "no"
    return f"{number} degree{'' if degrees == 1 else 's'} of freedom"


def _groups(estimates: list[Estimate]) -> list[Group]:
    """Return which estimates share an axis: pulls, and what has one unit and similar sizes."""
    groups: list[Group] = []
    pulls = [e for e in estimates if not math.isnan(e.pull)]
    for e in (e for e in estimates if math.isnan(e.pull)):
        last = groups[-1] if groups else []
        if last and last[0].unit == e.unit and _similar(last[0], e):
            last.append(e)
        else:
            groups.append([e])
    return [*groups, pulls] if pulls else groups


def _similar(one: Estimate, other: Estimate) -> bool:
    sizes = sorted([_size(one), _size(other)])
    return sizes[1] <= _SPREAD * sizes[0]


def _size(e: Estimate) -> float:
    ends = [abs(x) for x in (e.value, e.lower, e.upper) if math.isfinite(x)]
    return max(ends, default=0.0)


def _names(group: Group) -> list[str]:
    from renp.results.style import folded, symbols

    names = [f"|{e.name}|" if e.kind == "magnitude" else e.name for e in group]
    return [folded(symbols(name), _LETTERS) for name in names]


def _lines(group: Group) -> int:
    """Return of how many lines the longest name is, for which each parameter needs room."""
    return max(1 + name.count("\n") for name in _names(group))


def _draw_group(axes: "Axes", group: Group, level: float) -> None:
    is_pulls = not math.isnan(group[0].pull)
    for place, e in enumerate(group):
        value, below, above = _pull(e) if is_pulls else _physical(e)
        face = _POINT if below + above else "white"
        axes.errorbar(value, place, xerr=[[below], [above]], fmt="none", ecolor=_POINT, capsize=3)
        axes.plot(value, place, "o", color=_POINT, markerfacecolor=face, clip_on=False, zorder=3)
        if math.isinf(e.upper):
            axes.annotate(
                "no upper end", (value, place), (8, 6), textcoords="offset points", fontsize="small"
            )
    if is_pulls:
        axes.axvspan(-1, 1, color="0.92", zorder=0)
        reach = max(2.2, *(abs(e.pull) + 1.2 for e in group))
        axes.set_xlim(-reach, reach)
        axes.set_xlabel("pull, with its standard deviation")
    else:
        _scale(axes, group, level)
    limits = axes.get_xlim()
    axes.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    axes.set_xlim(limits)
    axes.set_yticks(range(len(group)), _names(group))
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    axes.set_ylim(len(group) - 0.4, -0.6)


def _scale(axes: "Axes", group: Group, level: float) -> None:
    """Set the axis of physical values, which starts at a boundary 0 if an interval does."""
    low, high = axes.get_xlim()
    if any(math.isinf(e.upper) for e in group):
        high += 0.5 * (high - low)
    axes.set_xlim(0.0 if any(e.lower == 0 for e in group) else low, high)
    if max(map(_size, group)) == 0:
        axes.set_xticks([0.0])
    axes.locator_params(axis="x", nbins=5)
    axes.ticklabel_format(axis="x", scilimits=(-3, 4), useMathText=True)
    from renp.results.style import symbols

    unit = symbols(f" ({group[0].unit})") if group[0].unit else ""
    axes.set_xlabel(f"value{unit},\ninterval at {100 * level:g} % C.L.", loc="left")


def _pull(e: Estimate) -> tuple[float, float, float]:
    error = 0.0 if math.isnan(e.pull_error) else e.pull_error
    return e.pull, error, error


def _physical(e: Estimate) -> tuple[float, float, float]:
    below, above = e.value - e.lower, e.upper - e.value
    return e.value, below if math.isfinite(below) else 0.0, above if math.isfinite(above) else 0.0


def _draw_counts(axes: "Axes", below: "Axes", fit: Fit, share: float) -> None:
    """Draw counts and their pulls, which have a share of the figure's width."""
    from renp.results.style import name_places

    place = np.arange(fit.expected.size)
    axes.bar(place, fit.expected, width=0.7, color=_EXPECTED, edgecolor="0.5", label="best fit")
    axes.errorbar(
        place,
        fit.observed,
        yerr=np.sqrt(fit.observed),
        fmt="o",
        color="black",
        capsize=3,
        label=r"observed, with $\sqrt{n}$",
    )
    axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
    axes.set_ylabel("counts")
    quality = f" / {fit.degrees_of_freedom}, $p$ = {fit.p_value:.2g}" if math.isfinite(fit.p_value) else ""
    verdict = "" if fit.valid else ", NOT VALID"
    axes.set_title(rf"$\chi^2$ = {round(fit.chi2, 6):.3g}{quality}{verdict}", fontsize="medium")
    pulls = Goodness.of(fit.expected, fit.observed).pulls
    seen = np.isfinite(pulls)  # not where something was counted and nothing is expected
    below.bar(place[seen], pulls[seen], width=0.7, color=_POINT)
    reach = 1.15 * max(2.0, float(np.max(np.abs(pulls[seen]), initial=0.0)))
    below.set_ylim(-reach, reach)
    below.axhline(0, color="0.6", linewidth=0.8)
    name_places(below, [f"{w:.6g}" for w in fit.photon_energy], share)
    axes.tick_params(axis="x", which="both", bottom=False, top=False, labelbottom=False)
    below.set_xlabel(r"trigger photon energy $\omega$ (eV)")
    below.set_ylabel("pull")
