"""The light that a prepared target emits besides neutrino pairs, as the estimates of `renp.target.light`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renp._types import Reals
from renp.errors import InputError
from renp.experiment import Experiment
from renp.results.base import Result, provenance
from renp.results.columns import Column, Rows
from renp.target.light import TYPICAL_POLARISABILITY, Channel, Light, channels, light
from renp.target.medium import LIGHT
from renp.target.preparation import medium_of
from renp.validation import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, kw_only=True)
class TargetLight(Result):
    """What a referee asks: the wing of the two-photon line, three photons, and what would close them."""

    atom: str
    """Name."""
    rows: tuple[Light, ...]
    """Of each run's photon energy."""
    channels: tuple[Channel, ...]
    """Which emissions are open at all."""
    end: float
    """Length over which the coherence ends, cm."""
    kappa: float
    """κ where η = 1, 1/cm."""
    open_share: float = 1.0
    """Share of the time in which photons are counted, over which rates are averaged."""

    columns = (
        Column("atom"),
        Rows(
            "rows",
            "run",
            (
                Column("photon_energy", heading="photon energy", unit="eV"),
                Column("mismatch", heading="Δk", unit="1/cm"),
                Column("wing", heading="pairs per photon"),
                Column("two_photon_rate", heading="two photons", unit="1/s"),
                Column("smooth_end", heading="end for 1/day", unit="cm"),
                Column("time_wing_rate", heading="through T2", unit="1/s"),
                Column("three_photon_ratio", heading="three photons/pairs"),
                Column("guide_width", heading="closing guide", unit="cm"),
            ),
            json="light",
        ),
        Rows(
            "channels",
            "",
            (Column("photons"), Column("open"), Column("reason")),
        ),
        Column("end", json="end"),
        Column("diagnosis", name=""),
    )

    @classmethod
    def compute(cls, experiment: Experiment, *, end: float = 0.0) -> "TargetLight":
        """Return the estimates for the runs of a target with a preparation.

        Parameters
        ----------
        experiment
            Atom, target and runs.
        end
            Length over which the coherence ends, cm; sharp ends if 0.

        Raises
        ------
        InputError
            If the target has no preparation.

        Examples
        --------
        >>> import renp
        >>> ready = renp.Preparation(length=1.0, repetition=10.0, coherence=0.5, dephasing_time=1e-3)
        >>> yb = renp.Atom.named("Yb")
        >>> runs = renp.Experiment(yb, renp.Target.from_preparation(ready, yb), [1.068], 86400.0)
        >>> found = TargetLight.compute(runs, end=0.05)
        >>> f"{TargetLight.compute(runs).two_photon_rate[0]:.0e}", f"{found.two_photon_rate[0]:.0e}"
        ('5e+25', '1e-131')
        """
        size = float(number("end", end, "a length in cm, at least 0", low=0.0, unit="cm"))
        atom, target = experiment.atom, experiment.target
        if target.preparation is None:
            raise InputError("target", "one without a preparation", "made by Target.from_preparation")
        medium = medium_of(target.preparation, atom, target.density)
        length = target.preparation.length
        kappa = float(medium.gain) / (2 * length)
        rows = tuple(
            light(
                atom,
                float(omega),
                kappa=kappa,
                length=length,
                dephasing_time=target.preparation.dephasing_time,
                photon_rate=float(target.photon_density * target.volume) * LIGHT / length,
                factor=float(target.dynamical_factor) / target.preparation.open_share,
                end=size,
            )
            for omega in np.asarray(experiment.photon_energy)
        )
        return cls(
            atom=atom.name,
            rows=rows,
            channels=channels(atom.levels[0].J if atom.levels else 0),
            end=size,
            kappa=kappa,
            open_share=target.preparation.open_share,
            made_by=provenance(experiment=experiment, end=size),
        )

    @property
    def two_photon_rate(self) -> Reals:
        """Of each run while photons are counted, 1/s: what may be added to its background."""
        return np.array([one.two_photon_rate for one in self.rows])

    @property
    def title(self) -> str:
        """The atom, and what the table is."""
        return f"{self.atom}: light beside the neutrino pairs, orders of magnitude"

    @property
    def diagnosis(self) -> tuple[str, ...]:
        """What the numbers assume, in sentences."""
        ending = f"over {self.end:g} cm" if self.end else "sharply"
        open_ = "; ".join(f"{one.photons}, {one.reason}" for one in self.channels if one.open)
        gated = (f"Rates are those while the gate is open, {self.open_share:.3g} of the time.",)
        return (
            *(gated if self.open_share < 1 else ()),
            f"Open by parity and angular momentum: {open_}.",
            f"Two photons: a uniform coherence that ends {ending}; "
            "each pair has a photon like the trigger's, and its partner runs against it.",
            "Three photons: the phase space of two massless particles, and between |e⟩ and |v⟩ a "
            f"polarisability of {TYPICAL_POLARISABILITY:g} atomic units, a guess: within 100 either way.",
            "The closing guide is half a wavelength of its cut-off wide, the trigger in its lowest mode.",
        )

    def _draw(self) -> "Figure":
        """Return a figure of the pairs per trigger photon against the photon energy."""
        from renp.constants import HBAR_C
        from renp.results.style import entitle, legend, plain, subplots

        figure, ((axes,),) = subplots((6.4, 4.4))
        middle = max(one.photon_energy + one.mismatch * HBAR_C / 2 for one in self.rows)
        away = np.geomspace(1e-6, 0.1, 300)
        mismatch = 2 * away / HBAR_C
        wing = np.minimum(2 * self.kappa**2 / mismatch**2, 1.0)
        axes.loglog(away, wing, color="#0072B2", label="sharp ends")
        for size, dash, colour in ((1e-3, "--", "#D55E00"), (1e-2, ":", "#009E73")):
            smooth = wing * np.exp(-((mismatch * size) ** 2))
            axes.loglog(away, smooth, dash, color=colour, label=f"ends over {1e4 * size:g} μm")
        for one in self.rows:
            axes.axvline(middle - one.photon_energy, color="0.7", linewidth=0.8, zorder=0)
        axes.set_ylim(1e-40, 3)
        axes.set_xlabel(r"$E_{eg}/2 - \omega$ (eV)")
        axes.set_ylabel("photon pairs for each trigger photon")
        entitle(axes, plain(self.title))
        legend(figure)
        return figure
