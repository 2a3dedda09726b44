"""The spectral function over photon energies, in total and by pair."""

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.formula.master_formula import total_spectrum
from renp.interactions import Weak
from renp.interactions.couplings import Interaction, Model, Scaled
from renp.neutrinos import Neutrinos, release_errors, value_of, with_values
from renp.results.base import Control, Result, provenance
from renp.results.columns import Column
from renp.results.table import Table
from renp.spectrum import spectral_function, thresholds
from renp.validation import instance, photon_energies

if TYPE_CHECKING:
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
    """Part of each unordered pair of neutrinos; they add up to the total."""
    interactions: dict[str, Reals]
    """What each of several interactions gives alone, and what their interference adds."""
    thresholds: dict[str, float]
    """ω_ij^max of each pair, eV."""
    atom: str
    """Name."""
    oscillation_band: dict[str, Reals] | None = None
    """The "lowest" and "highest" I(ω) of the model within the errors of the oscillation parameters."""

    columns = (
        Column("photon_energy", ("photon_energy",), "photon energy", "eV"),
        Column("spectral_function", ("photon_energy",), "I(ω)"),
        Column("standard_model", ("photon_energy",), "standard model"),
        Column(
            "oscillation_band", ("end", "photon_energy"), "{key} I(ω)", name="oscillation_band", optional=True
        ),
        Column("pairs", ("pair", "photon_energy"), "pair {key}"),
        Column("interactions", ("interaction", "photon_energy"), "{key}"),
        Column("thresholds", ("pair",), unit="eV", json="", name="threshold"),
    )
    controls = (
        Control("parts", "Parts", lambda spectrum: tuple(spectrum.parts())),
        Control("ratio", "ratio to the standard model"),
    )

    @classmethod
    def compute(
        cls,
        atom: Atom,
        neutrinos: Neutrinos,
        model: Interaction | None = None,
        omega: ArrayLike | None = None,
        *,
        oscillation_errors: bool = False,
    ) -> "Spectrum":
        """Return the spectrum; over the thresholds and below if no photon energies are given.

        With ``oscillation_errors`` it has a band: each parameter is moved by its upper and its lower error in
        the neutrinos' release, all others at rest, and what I(ω) rises or falls by is added in quadrature.
        Correlations are left out. Between a threshold and where it may lie the band ends at 0.

        Examples
        --------
        >>> import renp
        >>> spectrum = Spectrum.compute(renp.Atom.named("Yb"), renp.Neutrinos(0.01), omega=[1.068])
        >>> print(spectrum)
        Yb: spectral function
        photon energy (eV)      I(ω)  standard model
                     1.068  0.067775        0.067775
        """
        instance("atom", atom, Atom)
        if omega is None:
            omega = threshold_grid(atom, neutrinos)
        energies = np.atleast_1d(np.asarray(photon_energies(omega, atom.E_vg)))
        model = Weak() if model is None else model
        ordered = np.asarray(spectral_function(energies, atom, neutrinos, model, by_pair=True))
        edges = np.asarray(thresholds(atom, neutrinos))
        pairs, positions = {}, {}
        for i, j in combinations_with_replacement(range(neutrinos.states), 2):
            name = f"{i + 1}{j + 1}"
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
            oscillation_band=_band(energies, atom, neutrinos, model) if oscillation_errors else None,
            made_by=provenance(atom=atom, neutrinos=neutrinos, model=model),
        )

    def added(self) -> dict[str, Reals]:
        """Return what stands beside the weak part: each interaction alone, and their interference."""
        parts = {name: part for name, part in self.interactions.items() if name != "weak"}
        rounding = 1e-12 * np.max(np.abs(self.spectral_function), initial=0.0)
        if np.all(np.abs(parts.get("interference", 0.0)) <= rounding):
            parts.pop("interference", None)
        return parts

    def parts(self) -> dict[str, dict[str, Reals]]:
        """Return what may be shown beside the total, where there is such a thing."""
        parts = {"by pair": self.pairs, "by interaction": self.interactions}
        return {"total": {}} | {name: part for name, part in parts.items() if part}

    @property
    def title(self) -> str:
        """The atom, and what it is."""
        return f"{self.atom}: spectral function"

    def table(self) -> Table:
        """Return photon energy, I(ω), its standard-model value, and what is added to that."""
        table = self.full_table()
        return table.only(
            (*table.columns[:3], *(f"{end} I(ω)" for end in self.oscillation_band or ()), *self.added())
        )

    def _draw(self, parts: str | None = None, ratio: bool = False) -> "Figure":
        """Return a figure of I(ω), with that of the standard model where it differs, and the thresholds.

        Without a choice of parts, those stand beside it that the table has.
        """
        from renp.results.style import (
            entitle,
            legend,
            looks,
            mark_thresholds,
            pair_style,
            plain,
            subplots,
            symbols,
        )

        figure, ((axes,),) = subplots((6.4, 4.6))
        omega, standard = self.photon_energy, self.standard_model
        scale = (
            np.divide(1.0, standard, out=np.full(omega.size, np.nan), where=standard > 0) if ratio else 1.0
        )
        marker = "o" if omega.size < 25 else ""
        if not np.array_equal(self.spectral_function, standard):
            axes.plot(omega, self.spectral_function * scale, color="black", marker=marker, label="model")
        label = "standard model"
        dashes: Any = {"color": "0.5", "linestyle": (0, (5, 2))} if axes.lines else {"color": "black"}
        axes.plot(omega, standard * scale, marker=marker, label=label, **dashes)
        if self.oscillation_band is not None:
            low, high = (end * scale for end in self.oscillation_band.values())
            with np.errstate(invalid="ignore"):
                half = 100 * np.nanmedian((high - low) / (high + low))
            label = f"oscillation errors, half of the points within $\\pm${half:.1g} %"
            axes.fill_between(omega, low, high, color="#56B4E9", alpha=0.6, linewidth=0, label=label)
        added = self.added() if parts is None else self.parts()[parts]
        for (name, part), look in zip(added.items(), looks(len(added)), strict=True):
            if name in self.pairs:
                look = pair_style(name) | {"label": f"pair {name}"}
            else:
                words = symbols(name).replace("-", " ")
                look["label"] = words if name == "interference" else f"{words} alone"
            axes.plot(omega, part * scale, linewidth=1.2, marker=marker, **look)
        # One photon energy is shown among the thresholds.
        ends = [*omega, *(edge for edge in self.thresholds.values() if omega.size == 1 and edge > 0)]
        beside = 0.0 if omega.size > 1 else 0.06 * (max(ends) - min(ends)) or 1e-6
        axes.set_xlim(min(ends) - beside, max(ends) + beside)
        lowest = min(0.0, float(np.nanmin(added.get("interference", np.zeros(1)) * scale, initial=0.0)))
        axes.set_ylim(bottom=1.2 * lowest)
        if not np.any(self.spectral_function) and not ratio:
            axes.set_ylim(-0.05, 1.0)  # a line on the frame is not seen
        if lowest < 0:
            axes.axhline(0, color="black", linewidth=0.6)
        axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
        of_standard = r"$I(\omega)$ / $I(\omega)$ of the standard model"
        axes.set_ylabel(of_standard if ratio else r"spectral function $I(\omega)$")
        axes.ticklabel_format(axis="x", useOffset=False)
        entitle(axes, rf"{plain(self.atom)}, with the threshold of each pair $\nu_i\nu_j$", pad=26)
        mark_thresholds(axes, self.thresholds)
        legend(figure)
        return figure


def _band(energies: Reals, atom: Atom, neutrinos: Neutrinos, model: Interaction) -> dict[str, Reals]:
    """Return the ends of I(ω) within the errors of the neutrinos' release, each parameter by itself."""

    def at(moved: Neutrinos) -> Reals:
        return np.asarray(total_spectrum(energies, atom, moved, model))

    central = at(neutrinos)
    squares = np.zeros((2, energies.size))
    for name, (plus, minus) in release_errors(neutrinos.release, neutrinos.ordering).items():
        value = float(value_of(neutrinos, name))
        changes = [
            at(with_values(neutrinos, {name: jnp.asarray(value + d)})) - central for d in (plus, -minus)
        ]
        squares += np.square([np.minimum(np.min(changes, axis=0), 0), np.maximum(np.max(changes, axis=0), 0)])
    fall, rise = np.sqrt(squares)
    return {"lowest": np.maximum(central - fall, 0.0), "highest": central + rise}


def _by_interaction(
    energies: Reals, atom: Atom, neutrinos: Neutrinos, model: Interaction, together: Reals
) -> dict[str, Reals]:
    """Return I(ω) of each interaction alone, and the rest, which is their interference."""
    if not isinstance(model, Model):
        return {}
    parts: dict[str, Reals] = {}
    names = [_name(interaction) for interaction in model.interactions]
    for k, interaction in enumerate(model.interactions):
        name = names[k] if names.count(names[k]) == 1 else _element(interaction)
        name = f"{name} ({k + 1})" if name in parts else name
        # The whole model has been checked, and has said what it had to say.
        parts[name] = np.asarray(total_spectrum(jnp.asarray(energies), atom, neutrinos, interaction))
    return parts | {"interference": together - sum(parts.values())}


def _name(interaction: Interaction) -> str:
    if isinstance(interaction, Scaled):
        return _name(interaction.interaction)
    return interaction.kind or type(interaction).__name__.lower()


def _element(interaction: Interaction) -> str:
    """Return the name of an interaction with a single element by that: "magnetic-moment 12"."""
    if isinstance(interaction, Scaled):
        return _element(interaction.interaction)
    couplings = interaction.directions()
    single = len(couplings) == 1 and couplings[0].label != "strength"
    return couplings[0].name if single else _name(interaction)


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
    top = float(jnp.asarray(atom.end))
    span = max(top - float(edges.min(initial=top)), 1e-3 * top)
    if not edges.size:  # no pair is ever open: there is nothing to resolve
        return np.linspace(0.0, top, points)
    low = max(edges[0] - span, 0.0)
    steps = np.linspace(0, 1, max(points // max(edges.size, 1), 2))
    pieces = [edges, np.linspace(low, min(top, edges[-1] + 0.1 * span), points)]
    pieces += [edge - (edge - low) * steps**3 for edge in edges]
    return np.unique(np.concatenate(pieces))
