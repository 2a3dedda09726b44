"""What the moments do: spectra with one element at a time, and limits over the exposure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from jaxtyping import ArrayLike

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.interactions import ElectricMoment, MagneticMoment
from renp.interactions.photon import PhotonCoupling
from renp.neutrinos import Neutrinos
from renp.references import PAPERS
from renp.results.base import Result, Table, provenance
from renp.results.spectrum import PAIRS, threshold_grid
from renp.spectrum import spectral_function, thresholds
from renp.validation import number, photon_energies

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

MOMENTS: tuple[type[PhotonCoupling], ...] = (MagneticMoment, ElectricMoment)

ByElement: TypeAlias = dict[str, dict[str, Reals]]
"""Kind of moment, element, values."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Curves(Result):
    """Curves over one axis, by kind of moment and element."""

    by_element: ByElement
    """Values along the axis, by kind of moment and element."""

    def _dataset(self, axis: str, values: Reals, units: str, of: dict[str, str]) -> "xr.Dataset":
        import xarray as xr

        elements = list(next(iter(self.by_element.values())))
        return xr.Dataset(
            {
                kind: (("element", axis), np.stack([curves[e] for e in elements]), of)
                for kind, curves in self.by_element.items()
            },
            coords={"element": elements, axis: (axis, values, {"units": units})},
        )

    def _table(self, title: str, heading: str, axis: Reals, *others: tuple[str, Reals]) -> Table:
        columns = [(heading, axis), *others]
        columns += [
            (f"{kind} {element}", curve)
            for kind, curves in self.by_element.items()
            for element, curve in curves.items()
        ]
        rows = zip(*(values for _, values in columns), strict=True)
        return Table(title, tuple(h for h, _ in columns), tuple(tuple(map(float, r)) for r in rows))

    def _json(self) -> dict[str, Any]:
        return {
            kind: {element: curve.tolist() for element, curve in curves.items()}
            for kind, curves in self.by_element.items()
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class MomentSpectra(_Curves):
    """I(ω) of the standard model, and with one element of the moments at a time."""

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
        size = float(number("moment", moment, "a moment in μ_B above 0", low=0.0, open_low=True))
        energies = threshold_grid(atom, neutrinos) if omega is None else omega
        energies = np.atleast_1d(np.asarray(photon_energies(energies, atom.E_vg)))
        standard = np.asarray(spectral_function(energies, atom, neutrinos))
        elements = [e for e in PAIRS if neutrinos.nature == "dirac" or e[0] != e[1]]
        edges = np.asarray(thresholds(atom, neutrinos))
        positions = {pair: float(edges[int(pair[0]) - 1, int(pair[1]) - 1]) for pair in PAIRS}
        shown = {pair: edge for pair, edge in positions.items() if edge > 0}
        values = np.asarray(spectral_function(np.array([*shown.values()]), atom, neutrinos))
        return cls(
            photon_energy=energies,
            standard_model=standard,
            by_element={
                kind.kind: {
                    e: standard
                    + np.asarray(
                        spectral_function(energies, atom, neutrinos, kind({(int(e[0]), int(e[1])): size}))
                    )
                    for e in elements
                }
                for kind in MOMENTS
            },
            moment=size,
            thresholds=positions,
            threshold_values=dict(zip(shown, map(float, values), strict=True)),
            made_by=provenance(PAPERS, atom=atom, neutrinos=neutrinos, moment=f"{size:g} μ_B"),
        )

    def table(self) -> Table:
        """Return one row for each photon energy."""
        return self._table(
            f"Spectral function with one moment of {self.moment:g} μ_B",
            "photon energy (eV)",
            self.photon_energy,
            ("standard model", self.standard_model),
        )

    def json(self) -> dict[str, Any]:
        """Return all curves."""
        return {
            "photon_energy": self.photon_energy.tolist(),
            "standard_model": self.standard_model.tolist(),
            "moment": self.moment,
            **self._json(),
        }

    def dataset(self) -> "xr.Dataset":
        """Return the curves over photon_energy and element."""
        data = self._dataset("photon_energy", self.photon_energy, "eV", {})
        return data.assign(standard_model=("photon_energy", self.standard_model))

    def plot(self) -> "Figure":
        """Return a figure like the letter's figure 2."""
        from renp.figures.moments import draw_moment_spectra

        return draw_moment_spectra(self)


@dataclass(frozen=True, eq=False, kw_only=True)
class LimitCurves(_Curves):
    """Upper limits over the exposure of each photon energy, one element at a time, in μ_B.

    `renp.limit_curves` makes them.
    """

    exposure: Reals
    """Time at each photon energy times volume, day × 100 cm³."""
    confidence_level: float
    """Of the limits."""

    def table(self) -> Table:
        """Return one row for each exposure."""
        level = f"{100 * self.confidence_level:g} %"
        title = f"Expected upper limits at {level} C.L. (μ_B)"
        return self._table(title, "exposure (day × 100 cm³)", self.exposure)

    def json(self) -> dict[str, Any]:
        """Return all curves."""
        return {
            "exposure": self.exposure.tolist(),
            "confidence_level": self.confidence_level,
            **self._json(),
        }

    def dataset(self) -> "xr.Dataset":
        """Return the curves over exposure and element."""
        return self._dataset("exposure", self.exposure, "day * 100 cm^3", {"units": "μ_B"})

    def plot(self) -> "Figure":
        """Return a figure like the letter's figure 3, with the limits of other experiments."""
        from renp.figures.moments import draw_limit_curves

        return draw_limit_curves(self)
