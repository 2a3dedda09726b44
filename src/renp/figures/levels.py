"""Level diagrams of atoms."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from renp.figures.style import style
from renp.results.catalogue import Catalogue


def draw_levels(catalogue: Catalogue) -> Figure:
    """Return a figure of the levels of each atom above its ground state.

    Examples
    --------
    >>> figure = Catalogue.compute().plot()
    >>> figure.axes[0].get_ylabel()
    'energy above the ground state (eV)'
    >>> plt.close(figure)
    """
    with style():
        figure, axes = plt.subplots(figsize=(7.2, 4.6), layout="constrained")
        names = ["e", "v", "further v"]
        colours = ["#0072B2", "#D55E00", "0.55"]
        dashes = ["solid", (0, (5, 2)), (0, (1, 1))]
        for place, atom in enumerate(catalogue.atoms):
            axes.hlines(0, place - 0.35, place + 0.35, color="black")
            for k, level in enumerate(atom.levels):
                role = min(k, 2)
                axes.hlines(
                    level.energy,
                    place - 0.35,
                    place + 0.35,
                    color=colours[role],
                    linestyle=dashes[role],
                    label=rf"$|{names[role][-1]}\rangle$" + (" further" if role == 2 else ""),
                )
        handles, labels = axes.get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        axes.legend(unique.values(), unique.keys(), loc="upper right")
        axes.set_xticks(range(len(catalogue.atoms)), [atom.name for atom in catalogue.atoms])
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
        axes.set_ylabel("energy above the ground state (eV)")
    return figure
