"""Results of scans: lines over one axis, maps over two."""

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from renp.errors import InputError

if TYPE_CHECKING:
    from renp.results.scan import Scan

_MOST_DRAWN = 2000
"""Points along an axis that are drawn."""

_MOST_PANELS = 12

Reals = NDArray[np.float64]


def draw_scan(scan: "Scan") -> Figure:
    """Return lines over one numeric axis, or a map with contours over two for each result.

    Axes of words make lines or maps of their own.

    Raises
    ------
    InputError
        If there are more than two numeric axes, or more than twelve maps.
    """
    data = scan.dataset()
    axes = scan.axes(data)
    words = [str(axis.dims[0]) for axis in axes.values() if axis.dtype.kind not in "fiu"]
    numeric = {str(a.dims[0]): name for name, a in reversed(axes.items()) if a.dtype.kind in "fiu"}
    numeric = dict(reversed(numeric.items()))
    if not 1 <= len(numeric) <= 2:
        allowed = "one or two; .dataset() has all, from which some may be selected"
        raise InputError("numeric axes", len(numeric), allowed)
    stacks = {}
    for name, variable in scan.series(data).items():
        whole = variable.stack(words=words) if words else variable.expand_dims("words")
        for k in range(whole.sizes["words"]):
            label = " ".join(map(str, np.atleast_1d(whole["words"].values[k]).tolist())) if words else ""
            one = whole.isel(words=k).transpose(*numeric)
            thin = {dim: slice(None, None, -(-size // _MOST_DRAWN)) for dim, size in one.sizes.items()}
            name = f"limit on {name.removeprefix('limit ')}" if scan.result == "limits" else name
            stacks[f"{name} {label}".strip()] = np.asarray(one.isel(thin).values)
    ends = {
        name: np.asarray(axes[name].values[:: -(-axes[name].size // _MOST_DRAWN)])
        for name in numeric.values()
    }
    labels = [
        f"{name} ({axes[name].attrs['units']})" if "units" in axes[name].attrs else name for name in ends
    ]
    if len(ends) == 1:
        return _lines(next(iter(ends.values())), stacks, labels[0], scan.result)
    return _maps((*ends.values(),), stacks, labels)


def _lines(x: Reals, stacks: dict[str, Reals], label: str, result: str) -> Figure:
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    order = np.argsort(x)
    for name, values in stacks.items():
        axes.plot(x[order], _shown(values[order]), label=name)
    axes.set_xlabel(label)
    if _logarithmic(x):
        axes.set_xscale("log")
    if _logarithmic(np.concatenate([values.ravel() for values in stacks.values()])):
        axes.set_yscale("log")
    axes.set_ylabel(next(iter(stacks)) if len(stacks) == 1 else result)
    if len(stacks) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _maps(ends: tuple[Reals, ...], stacks: dict[str, Reals], labels: list[str]) -> Figure:
    if len(stacks) > _MOST_PANELS:
        raise InputError("maps", len(stacks), f"at most {_MOST_PANELS}; .dataset() has all")
    columns = min(len(stacks), 3)
    rows = -(-len(stacks) // columns)
    figure, panels = plt.subplots(
        rows, columns, figsize=(5.2 * columns, 4.2 * rows), layout="constrained", squeeze=False
    )
    for axes in panels.ravel()[len(stacks) :]:
        axes.set_axis_off()
    for axes, (name, values) in zip(panels.ravel(), stacks.items(), strict=False):
        _map(figure, axes, ends, values, name)
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
    return figure


def _map(figure: Figure, axes: Axes, ends: tuple[Reals, ...], values: Reals, name: str) -> None:
    x, y = (np.argsort(end) for end in ends)
    across, up, shown = ends[0][x], ends[1][y], _shown(values[np.ix_(x, y)].T)
    norm = LogNorm() if _logarithmic(shown) else None
    mesh = axes.pcolormesh(across, up, shown, norm=norm, shading="nearest", rasterized=True)
    figure.colorbar(mesh, ax=axes, label=name)
    finite = shown[np.isfinite(shown)]
    if min(shown.shape) > 1 and finite.size and finite.min() < finite.max():
        levels = np.unique(np.quantile(finite, [0.1, 0.3, 0.5, 0.7, 0.9]))
        lines = axes.contour(across, up, np.ma.masked_invalid(shown), levels, colors="white", linewidths=0.8)
        axes.clabel(lines, fmt="%.3g", fontsize=7)
    for end, scale in ((across, axes.set_xscale), (up, axes.set_yscale)):
        if _logarithmic(end):
            scale("log")


def _logarithmic(values: Reals) -> bool:
    """Whether numbers are all above 0 and span more than one and a half orders of magnitude."""
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() > 10**1.5 * finite.min())


def _shown(values: Reals) -> Reals:
    return np.where(np.isfinite(values), values, np.nan)
