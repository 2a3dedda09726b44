"""What the moments do: spectra with one element at a time, and limits over the exposure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import ArrayLike

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.interactions.dipole import MOMENTS, moment_elements
from renp.neutrinos import Neutrinos
from renp.references import PAPERS
from renp.results.base import Result, provenance
from renp.results.columns import Column
from renp.results.spectrum import PAIRS, threshold_grid
from renp.spectrum import spectral_function, thresholds
from renp.validation import number, photon_energies

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ByElement: TypeAlias = dict[str, dict[str, Reals]]
"""Kind of moment, element, values."""


@dataclass(frozen=True, eq=False, kw_only=True)
class MomentSpectra(Result):
    """I(ω) of the standard model, and with one element of the moments at a time."""

    by_element: ByElement
    """I(ω) with one moment, by its kind and element."""
    photon_energy: Reals
    """eV."""
    standard_model: Reals
    """I(ω), shape (n,)."""
    moment: float
    """The element's size, μ_B."""
    thresholds: dict[str, float]
    """ω_ij^max of each pair of neutrinos, eV."""
    threshold_values: dict[str, float]
    """Standard-model I at each threshold that an atom can show, which is one above 0."""

    columns = (
        Column("photon_energy", ("photon_energy",), "photon energy", "eV"),
        Column("standard_model", ("photon_energy",), "standard model"),
        Column("moment", unit="μ_B"),
        Column("by_element", ("element", "photon_energy"), "{key}", json="{key}", name="{key}"),
    )

    @classmethod
    def compute(
        cls, atom: Atom, neutrinos: Neutrinos, moment: float = 3e-11, omega: ArrayLike | None = None
    ) -> "MomentSpectra":
        """Return the spectra with each element of the moments at one size (μ_B), beside the standard model.

        They are those of the letter's figure 2 for any atom and any neutrinos; over the thresholds and below
        if no photon energies are given.

        Examples
        --------
        >>> import renp
        >>> nu = renp.Neutrinos(0.01, "inverted", "majorana")
        >>> spectra = MomentSpectra.compute(renp.Atom.named("Sr"), nu, moment=2e-11, omega=[0.88])
        >>> list(spectra.by_element["magnetic-moment"])
        ['12', '13', '23']
        """
        size = float(number("moment", moment, "a moment in μ_B above 0", low=0.0, open_low=True, unit="μ_B"))
        energies = threshold_grid(atom, neutrinos) if omega is None else omega
        energies = np.atleast_1d(np.asarray(photon_energies(energies, atom.E_vg)))
        standard = np.asarray(spectral_function(energies, atom, neutrinos))
        edges = np.asarray(thresholds(atom, neutrinos))
        positions = {pair: float(edges[int(pair[0]) - 1, int(pair[1]) - 1]) for pair in PAIRS}
        shown = {pair: edge for pair, edge in positions.items() if edge > 0}
        values = np.asarray(spectral_function(np.array([*shown.values()]), atom, neutrinos))
        return cls(
            photon_energy=energies,
            standard_model=standard,
            by_element={
                kind.kind: {
                    f"{i}{j}": standard
                    + np.asarray(spectral_function(energies, atom, neutrinos, kind({(i, j): size})))
                    for i, j in moment_elements(neutrinos.nature)
                }
                for kind in MOMENTS
            },
            moment=size,
            thresholds=positions,
            threshold_values=dict(zip(shown, map(float, values), strict=True)),
            made_by=provenance(PAPERS, atom=atom, neutrinos=neutrinos, moment=f"{size:g} μ_B"),
        )

    @property
    def title(self) -> str:
        """The size of the moment."""
        return f"Spectral function with one moment of {self.moment:g} μ_B"

    def _draw(self) -> "Figure":
        """Return a figure like the letter's figure 2."""
        from renp.results.moments_plot import draw_moment_spectra

        return draw_moment_spectra(self)


@dataclass(frozen=True, eq=False, kw_only=True)
class LimitCurves(Result):
    """Upper limits over the exposure of each photon energy, one element at a time, in μ_B.

    `renp.limit_curves` makes them.
    """

    by_element: ByElement
    """Limits by kind of moment and element, μ_B."""
    exposure: Reals
    """Time at each photon energy times volume, day × 100 cm³."""
    confidence_level: float
    """Of the limits."""

    columns = (
        Column("exposure", ("exposure",), "exposure", "day * 100 cm^3", shown="day × 100 cm³"),
        Column("confidence_level"),
        Column("by_element", ("element", "exposure"), "{key}", "μ_B", shown="", json="{key}", name="{key}"),
    )

    @property
    def title(self) -> str:
        """What the limits are."""
        return f"Expected upper limits at {100 * self.confidence_level:g} % C.L. (μ_B)"

    def _draw(self) -> "Figure":
        """Return a figure like the letter's figure 3, with the limits of other experiments."""
        from renp.results.moments_plot import draw_limit_curves

        return draw_limit_curves(self)
