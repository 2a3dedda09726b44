"""What light mediators do: spectra with them, and the reach in their couplings over their mass."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.results.base import Result, Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class MediatorSpectrum:
    """I(ω) with one mediator whose mass was found from the size of its effect."""

    name: str
    coupling: float
    """|g^e g^ν| or |y^e y^ν|, the same for the three diagonal elements."""
    mass: float
    """eV."""
    values: Reals


@dataclass(frozen=True, eq=False, kw_only=True)
class MediatorSpectra(Result):
    """Spectra with light mediators, each of the mass that changes I by half at one photon energy."""

    photon_energy: Reals
    """eV."""
    standard_model: Reals
    """I(ω), shape (n,)."""
    reference_energy: float
    """Photon energy at which the mediators add half of the standard model's I, eV."""
    spectra: tuple[MediatorSpectrum, ...]
    """With each mediator."""
    masses: dict[str, dict[str, float]]
    """Mass in eV for an effect of 10 %, 50 % and 100 %, by mediator."""
    thresholds: dict[str, float]
    """ω_ij^max of each pair, eV."""

    def table(self) -> Table:
        """Return the masses that give effects of several sizes."""
        sizes = tuple(next(iter(self.masses.values())))
        rows: tuple[tuple[str | float, ...], ...] = tuple(
            (name, *of_size.values()) for name, of_size in self.masses.items()
        )
        title = f"Mass (eV) of a mediator that raises I({self.reference_energy} eV) by"
        return Table(title, ("mediator", *sizes), rows)

    def json(self) -> dict[str, Any]:
        """Return the masses and the curves."""
        return {
            "masses": self.masses,
            "photon_energy": self.photon_energy.tolist(),
            "standard_model": self.standard_model.tolist(),
            "spectra": {f"{s.name} {s.coupling:g}": s.values.tolist() for s in self.spectra},
        }

    def dataset(self) -> "xr.Dataset":
        """Return the curves over photon_energy and mediator."""
        import xarray as xr

        return xr.Dataset(
            {
                "spectral_function": (("mediator", "photon_energy"), [s.values for s in self.spectra]),
                "standard_model": ("photon_energy", self.standard_model),
                "mass": ("mediator", [s.mass for s in self.spectra], {"units": "eV"}),
            },
            coords={
                "photon_energy": ("photon_energy", self.photon_energy, {"units": "eV"}),
                "mediator": [f"{s.name} {s.coupling:g}" for s in self.spectra],
            },
        )

    def plot(self) -> "Figure":
        """Return a figure of the spectra."""
        from renp.figures.mediators import draw_mediator_spectra

        return draw_mediator_spectra(self)


@dataclass(frozen=True, eq=False, kw_only=True)
class ReachCurves(Result):
    """Limits on |g^e g^ν_ij| of mediators over their mass, one element at a time."""

    mass: Reals
    """eV, shape (n,)."""
    curves: dict[str, dict[str, dict[str, Reals]]]
    """Limits by nature, coupling ("left", "right", "scalar", "pseudoscalar") and element."""
    poles: Reals
    """Masses at which the mediator is on shell at one of the runs, eV."""
    confidence_level: float
    """Of the limits."""

    def table(self) -> Table:
        """Return the limits at some masses, decades apart."""
        decades = [int(np.argmin(np.abs(np.log(self.mass / m)))) for m in 10.0 ** np.arange(-3, 6)]
        rows: tuple[tuple[str | float, ...], ...] = tuple(
            (nature, kind, element, *(float(curve[k]) for k in decades))
            for nature, kinds in self.curves.items()
            for kind, elements in kinds.items()
            for element, curve in elements.items()
        )
        heads = tuple(f"{self.mass[k]:.3g} eV" for k in decades)
        title = f"Expected limits on |g^e g^ν|, |y^e y^ν| at {100 * self.confidence_level:g} % C.L."
        return Table(title, ("nature", "coupling", "element", *heads), rows)

    def json(self) -> dict[str, Any]:
        """Return all curves."""
        return {
            "mass": self.mass.tolist(),
            "poles": self.poles.tolist(),
            "confidence_level": self.confidence_level,
            "limits": {
                nature: {kind: {e: c.tolist() for e, c in es.items()} for kind, es in kinds.items()}
                for nature, kinds in self.curves.items()
            },
        }

    def dataset(self) -> "xr.Dataset":
        """Return one variable for each nature and kind of coupling, over element and mass."""
        import xarray as xr

        elements = list(next(iter(next(iter(self.curves.values())).values())))
        return xr.Dataset(
            {
                f"{nature} {kind}": (("element", "mass"), np.stack([of[e] for e in elements]))
                for nature, kinds in self.curves.items()
                for kind, of in kinds.items()
            },
            coords={"element": elements, "mass": ("mass", self.mass, {"units": "eV"})},
        )

    def plot(self) -> "Figure":
        """Return a figure of all curves."""
        from renp.figures.mediators import draw_reach

        return draw_reach(self)
