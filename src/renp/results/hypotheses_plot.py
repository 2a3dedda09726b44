"""Tests of hypotheses: distributions of test statistics, significances, and exposure."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray
from scipy import stats

from renp.results.style import (
    colour_bar,
    decades,
    folded,
    legend,
    letters,
    plain,
    size_in_cells,
    subplots,
    symbols,
    trim,
)

if TYPE_CHECKING:
    from renp.results.hypotheses import Discovery, HypothesisComparison, RequiredExposure

# Colours that differ in lightness; hatches that differ without colour.
_LOOKS = (("#0072B2", "////", "solid"), ("#E69F00", "\\\\\\\\", (0, (5, 1.5))))
_BINS = 50
_LONG = 24
"""Letters of a line of a hypothesis's name."""


def draw_discovery(discovery: "Discovery") -> Figure:
    """Return a figure of q₀ without the coupling: toys, asymptotic distribution and the data's value.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import renp
    >>> from renp.inference.hypotheses import discovery
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0, counts=[19])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> figure = draw_discovery(discovery(likelihood, "mu"))
    >>> figure.axes[0].get_yscale()
    'log'
    >>> plt.close(figure)
    """
    figure, ((axes,),) = subplots((6.4, 4.4))
    colour, hatch, _ = _LOOKS[0]
    finite = discovery.toys[np.isfinite(discovery.toys)]
    top = 1.15 * max([9.0, *finite, *([discovery.q0] if math.isfinite(discovery.q0) else [])])
    edges = np.linspace(0.0, top, _BINS + 1)
    part = 1.0 if discovery.sided == "two-sided" else 0.5
    if finite.size:
        heights = np.histogram(finite, edges)[0] / (len(discovery.toys) * edges[1])
        axes.stairs(heights, edges, fill=True, fc="#DCEAF4", ec=colour, hatch=hatch, label="toys without it")
    cells = part * np.diff(stats.chi2.cdf(edges, 1)) / edges[1]
    cells[0] += (1 - part) / edges[1]
    name = r"$\chi^2_1$" if part == 1 else r"$\frac{1}{2}\delta(0) + \frac{1}{2}\chi^2_1$"
    axes.stairs(cells, edges, color="black", ls=(0, (4, 1.5)), lw=1.4, label=f"asymptotic, {name}")
    _mark(axes, discovery.q0, f"{discovery.kind}, $Z$ = {discovery.significance:.2f}")
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.3 * min(cells[cells > 0].min(), 1 / max(len(discovery.toys), 100) / edges[1]))
    axes.set_xlim(-0.02 * top, top)  # a line at 0 is seen
    axes.set_xlabel(folded(rf"$q_0$ of {symbols(discovery.coupling)}", letters(axes, 0.75)))
    axes.set_ylabel("probability density")
    legend(figure)
    return figure


def draw_statistic(comparison: "HypothesisComparison") -> Figure:
    """Return a figure of T under two hypotheses: toys, Gaussian approximation, and the observed value.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import renp
    >>> from renp.inference.hypotheses import compare
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.0712, 1.0716], 86400.0)
    >>> kinds = {n: renp.Likelihood(runs, renp.Neutrinos(0.01, n)) for n in ("normal", "inverted")}
    >>> figure = draw_statistic(compare(kinds))
    >>> figure.axes[0].get_ylabel()
    'probability density'
    >>> plt.close(figure)
    """
    first, second = comparison.names
    pair = comparison.pair(first, second)
    figure, ((axes,),) = subplots((6.4, 4.4))
    samples = [comparison.statistics(name, first, second) for name in comparison.names]
    means = [pair.statistic, -pair.reverse]
    edges = _edges(samples, means, pair.observed)
    for name, toys, mean, (colour, hatch, dashes) in zip(
        comparison.names, samples, means, _LOOKS, strict=True
    ):
        _draw_toys(axes, toys, edges, colour, hatch, f"{plain(name)} true")
        if math.isfinite(mean) and mean != 0:
            fine = np.linspace(edges[0], edges[-1], 400)
            label = f"{plain(name)} true, Gaussian approximation"
            density = stats.norm.pdf(fine, mean, 2 * math.sqrt(abs(mean)))
            axes.plot(fine, density, color=colour, ls=dashes, label=label)
    if pair.observed is not None:
        _mark(axes, pair.observed, f"observed, $T$ = {pair.observed:.2f}")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(bottom=0.0)
    words = rf"$T = \chi^2_\mathrm{{min}}$({plain(second)}) $-$ $\chi^2_\mathrm{{min}}$({plain(first)})"
    axes.set_xlabel(folded(words, letters(axes, 0.75)))
    axes.set_ylabel("probability density")
    legend(figure)
    return figure


def draw_matrix(comparison: "HypothesisComparison") -> Figure:
    """Return a figure of the Asimov significances of many hypotheses: simulated in rows, fitted in columns.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import renp
    >>> from renp.inference.hypotheses import compare
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0716], 864000.0)
    >>> masses = {f"{m} eV": renp.Likelihood(runs, renp.Neutrinos(m)) for m in (0.0, 0.005, 0.01)}
    >>> figure = draw_matrix(compare(masses))
    >>> figure.axes[0].get_xlabel()
    'fitted'
    >>> plt.close(figure)
    """
    values = comparison.matrix()
    n = len(comparison.names)
    shown = np.where(np.isfinite(values), values, np.nan)
    top = float(np.nanmax(shown)) if np.nanmax(shown) > 0 else 1.0
    size = 2.0 + 0.62 * n + 0.075 * min(max(map(len, comparison.names)), _LONG)
    figure, ((axes,),) = subplots((size + 1.6, size))
    names = [folded(plain(name), min(_LONG, letters(axes, 0.25))) for name in comparison.names]
    # Light where nothing is told apart, dark where much is: the same in grey.
    image = axes.imshow(np.where(np.isinf(values), top, shown), cmap="cividis_r", vmin=0.0, vmax=top)
    turned: dict[str, Any] = {"rotation": 60, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(n), names, **(turned if max(map(len, names)) > 6 else {}))
    axes.set_yticks(range(n), names)
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("fitted")
    axes.set_ylabel("simulated")
    colour_bar(axes, image, label=r"Asimov significance $\sqrt{T}$ ($\sigma$)")
    trim(figure)
    size = size_in_cells(axes, n, len("0.00"))
    for i, j in np.argwhere(~np.eye(n, dtype=bool) & (size > 0)):
        look: Any = {"color": "w" if values[i, j] > 0.5 * top else "k", "fontsize": size}
        axes.text(j, i, _short(values[i, j]), ha="center", va="center", **look)
    return figure


def draw_exposure(required: "RequiredExposure") -> Figure:
    """Return a figure of the significance over the exposure.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import renp
    >>> from renp.inference.hypotheses import required_exposure
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0716], 864000.0)
    >>> true, tested = (renp.Likelihood(runs, renp.Neutrinos(0.01, n)) for n in ("normal", "inverted"))
    >>> figure = draw_exposure(required_exposure(true, tested, significance=5))
    >>> figure.axes[0].get_xscale()
    'log'
    >>> plt.close(figure)
    """
    figure, ((axes,),) = subplots((6.4, 4.4))
    colour = _LOOKS[0][0]
    shown = np.where(np.isfinite(required.significances), required.significances, np.nan)
    axes.plot(required.factors, shown, color=colour, marker="o", ms=3, label="Asimov data")
    axes.axhline(required.significance, color="black", ls=(0, (5, 2)), lw=1, label="wanted")
    if 0 < required.factor < math.inf:
        _mark(axes, required.factor, f"reached at {required.factor:.4g}")
    decades(axes, "x", required.factors, required.factor)
    if np.all(required.significances > 0):
        decades(axes, "y", shown, required.significance)
    legend(figure)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("factor on the exposure")
    axes.set_ylabel(r"Asimov significance $\sqrt{T}$ ($\sigma$)")
    return figure


def _mark(axes: Axes, value: float, label: str) -> None:
    """Draw a line at a value; one at infinity shows in the legend alone."""
    place = value if math.isfinite(value) else math.nan
    axes.axvline(place, color="black", lw=1.6, label=label)


def _edges(
    samples: list[NDArray[np.float64]], means: list[float], observed: float | None
) -> NDArray[np.float64]:
    """Return the edges of bins over all that is finite."""
    ends = [toys[np.isfinite(toys)] for toys in samples]
    ends += [
        np.array([m - 7 * math.sqrt(abs(m)), m + 7 * math.sqrt(abs(m))]) for m in means if math.isfinite(m)
    ]
    ends += [np.array([observed])] if observed is not None and math.isfinite(observed) else []
    together = np.concatenate(ends)
    low, high = (float(together.min()), float(together.max())) if together.size else (0.0, 0.0)
    margin = 0.03 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, _BINS + 1)


def _draw_toys(
    axes: Axes, toys: NDArray[np.float64], edges: NDArray[np.float64], colour: str, hatch: str, label: str
) -> None:
    """Draw a histogram, normalised to all toys; those at infinity are counted in the legend."""
    if not toys.size:
        return
    finite = toys[np.isfinite(toys)]
    beyond = 1 - finite.size / toys.size
    if beyond:
        label += rf" ({100 * beyond:.2g} % at $\pm\infty$)"
    heights = np.histogram(finite, edges)[0] / (toys.size * (edges[1] - edges[0]))
    axes.stairs(heights, edges, fill=True, fc=(colour, 0.25), ec=(colour, 0.9), hatch=hatch, label=label)


def _short(significance: float) -> str:
    """Return a significance in few characters.

    Examples
    --------
    >>> _short(12.34), _short(0.5), _short(math.inf)
    ('12', '0.50', '∞')
    """
    if math.isinf(significance):
        return "∞"
    return f"{significance:.{2 if significance < 1 else 1 if significance < 10 else 0}f}"
