"""The spectral function over photon energies, in total and by pair."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.formula.master_formula import total_spectrum
from renp.interactions import Weak
from renp.interactions.couplings import Interaction, Model, Scaled
from renp.neutrinos import Neutrinos
from renp.results.base import Result, Table, provenance
from renp.spectrum import spectral_function, thresholds
from renp.validation import photon_energies

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


PAIRS = ("11", "12", "13", "22", "23", "33")


@dataclass(frozen=True, eq=False, kw_only=True)
class Spectrum(Result):
    """I(ω) at n photon energies; energies in eV, all arrays of shape (n,) unless said."""

    photon_energy: Reals
    """ω."""
    spectral_function: Reals
    """I(ω) of the model."""
    standard_model: Reals
    """I(ω) of the standard model."""
    pairs: dict[str, Reals]
    """Part of each unordered pair of neutrinos; the six add up to the total."""
    interactions: dict[str, Reals]
    """What each of several interactions gives alone, and what their interference adds."""
    thresholds: dict[str, float]
    """ω_ij^max of each pair, eV."""
    atom: str
    """Name."""

    @classmethod
    def compute(
        cls,
        atom: Atom,
        neutrinos: Neutrinos,
        model: Interaction | None = None,
        omega: ArrayLike | None = None,
    ) -> "Spectrum":
        """Return the spectrum; over the thresholds and below if no photon energies are given.

        Examples
        --------
        >>> import renp
        >>> spectrum = Spectrum.compute(renp.Atom.named("Yb"), renp.Neutrinos(0.01), omega=[1.068])
        >>> print(spectrum)
        Yb: spectral function
        photon energy (eV)      I(ω)  standard model
                     1.068  0.067775        0.067775
        """
        if omega is None:
            omega = threshold_grid(atom, neutrinos)
        energies = np.atleast_1d(np.asarray(photon_energies(omega, atom.E_vg)))
        model = Weak() if model is None else model
        ordered = np.asarray(spectral_function(energies, atom, neutrinos, model, by_pair=True))
        edges = np.asarray(thresholds(atom, neutrinos))
        pairs, positions = {}, {}
        for name in PAIRS:
            i, j = int(name[0]) - 1, int(name[1]) - 1
            pairs[name] = ordered[i, j] if i == j else ordered[i, j] + ordered[j, i]
            positions[name] = float(edges[i, j])
        return cls(
            photon_energy=energies,
            spectral_function=ordered.sum(axis=(0, 1)),
            standard_model=np.asarray(spectral_function(energies, atom, neutrinos)),
            pairs=pairs,
            interactions=_by_interaction(energies, atom, neutrinos, model, ordered.sum(axis=(0, 1))),
            thresholds=positions,
            atom=atom.name,
            made_by=provenance(atom=atom, neutrinos=neutrinos, model=model),
        )

    def added(self) -> dict[str, Reals]:
        """Return what stands beside the weak part: each interaction alone, and their interference."""
        parts = {name: part for name, part in self.interactions.items() if name != "weak"}
        rounding = 1e-12 * np.max(np.abs(self.spectral_function), initial=0.0)
        if np.all(np.abs(parts.get("interference", 0.0)) <= rounding):
            parts.pop("interference", None)
        return parts

    def table(self) -> Table:
        """Return photon energy, I(ω), its standard-model value, and what is added to that."""
        parts = self.added()
        columns = (self.photon_energy, self.spectral_function, self.standard_model, *parts.values())
        return Table(
            f"{self.atom}: spectral function",
            ("photon energy (eV)", "I(ω)", "standard model", *parts),
            tuple(tuple(float(x) for x in row) for row in zip(*columns, strict=True)),
        )

    def full_table(self) -> Table:
        """Return the table with the part of each unordered pair and of each interaction."""
        table = self.table()
        parts = {f"pair {name}": part for name, part in self.pairs.items()} | self.interactions
        rows = zip(table.rows, *parts.values(), strict=True)
        return Table(
            table.title,
            (*table.columns[:3], *parts),
            tuple((*row[:3], *map(float, others)) for row, *others in rows),
        )

    def json(self) -> dict[str, Any]:
        """Return the arrays, with the part of each unordered pair."""
        return {
            "photon_energy": self.photon_energy.tolist(),
            "spectral_function": self.spectral_function.tolist(),
            "standard_model": self.standard_model.tolist(),
            "pairs": {name: part.tolist() for name, part in self.pairs.items()},
            "interactions": {name: part.tolist() for name, part in self.interactions.items()},
        }

    def dataset(self) -> "xr.Dataset":
        """Return the arrays over the dimensions photon_energy and pair."""
        import xarray as xr

        names = list(self.pairs)
        data = xr.Dataset(
            {
                "spectral_function": ("photon_energy", self.spectral_function),
                "standard_model": ("photon_energy", self.standard_model),
                "pairs": (("pair", "photon_energy"), np.stack([self.pairs[n] for n in names])),
                "threshold": ("pair", [self.thresholds[n] for n in names]),
            },
            coords={"photon_energy": self.photon_energy, "pair": names},
        )
        if self.interactions:
            parts = np.stack(list(self.interactions.values()))
            data = data.assign_coords(interaction=list(self.interactions))
            data = data.assign(interactions=(("interaction", "photon_energy"), parts))
        data["photon_energy"].attrs["units"] = "eV"
        data["threshold"].attrs["units"] = "eV"
        return data

    def plot(self) -> "Figure":
        """Return a figure of I(ω) with the thresholds marked."""
        from renp.figures.spectrum import draw_spectrum

        return draw_spectrum(self)


def _by_interaction(
    energies: Reals, atom: Atom, neutrinos: Neutrinos, model: Interaction, together: Reals
) -> dict[str, Reals]:
    """Return I(ω) of each interaction alone, and the rest, which is their interference."""
    if not isinstance(model, Model):
        return {}
    parts: dict[str, Reals] = {}
    for k, interaction in enumerate(model.interactions):
        name = _name(interaction)
        name = f"{name} ({k + 1})" if name in parts else name
        # The whole model has been checked, and has said what it had to say.
        parts[name] = np.asarray(total_spectrum(jnp.asarray(energies), atom, neutrinos, interaction))
    return parts | {"interference": together - sum(parts.values())}


def _name(interaction: Interaction) -> str:
    if isinstance(interaction, Scaled):
        return _name(interaction.interaction)
    return interaction.kind or type(interaction).__name__.lower()


def threshold_grid(atom: Atom, neutrinos: Neutrinos, points: int = 400) -> Reals:
    """Return photon energies (eV) that show the thresholds: dense just below each of them.

    Examples
    --------
    >>> import renp
    >>> grid = threshold_grid(renp.Atom.named("Yb"), renp.Neutrinos(0.01))
    >>> bool(np.all(np.diff(grid) > 0))
    True
    """
    edges = np.unique(np.asarray(thresholds(atom, neutrinos)))
    edges = edges[edges > 0]
    top = float(jnp.asarray(atom.E_eg + atom.boost)) / 2
    span = max(top - float(edges.min(initial=top)), 1e-3 * top)
    if not edges.size:  # no pair is ever open: there is nothing to resolve
        return np.linspace(0.0, top, points)
    low = max(edges[0] - span, 0.0)
    steps = np.linspace(0, 1, max(points // max(edges.size, 1), 2))
    pieces = [edges, np.linspace(low, min(top, edges[-1] + 0.1 * span), points)]
    pieces += [edge - (edge - low) * steps**3 for edge in edges]
    return np.unique(np.concatenate(pieces))
