"""Upper limits on the elements of the moments."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from renp.figures.style import style
from renp.results.limits import Limits

_MARKS = {"magnetic-moment": ("o", "#0072B2"), "electric-moment": ("s", "#D55E00")}


def draw_limits(limits: Limits) -> Figure:
    """Return a figure of the limits, element by element.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> figure = renp.upper_limits(runs, renp.Neutrinos(0.01)).plot()
    >>> figure.axes[0].get_yscale()
    'log'
    >>> plt.close(figure)
    """
    with style():
        figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
        for shift, (kind, of_kind) in zip((-0.12, 0.12), limits.limits.items(), strict=False):
            marker, colour = _MARKS[kind]
            place = np.arange(len(of_kind)) + shift
            values = np.array(list(of_kind.values()))
            axes.plot(
                place[np.isfinite(values)],
                values[np.isfinite(values)],
                marker,
                color=colour,
                label=kind.replace("-", " "),
            )
        axes.set_yscale("log")
        axes.set_xticks(np.arange(len(of_kind)), list(of_kind))
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
        axes.set_xlabel("element $ij$")
        level = 100 * limits.confidence_level
        axes.set_ylabel(rf"{limits.kind} upper limit at {level:g} % C.L. ($\mu_B$)")
        axes.legend()
    return figure
