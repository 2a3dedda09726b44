"""What the explorer shows: one immutable value, from which page, link, scenario file and code follow."""

from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from renp.constants import DAY

Table: TypeAlias = dict[str, Any]
"""An [[interaction]] table of a scenario file; never changed in place."""

TABS = ("spectrum", "counts", "plan", "bounds", "share")
PARTS = ("total", "pairs", "interactions")
THEMES = ("light", "dark")


@dataclass(frozen=True)
class Run:
    """One run: photon energy in eV, duration in s, background in 1/s."""

    photon_energy: float
    duration: float = 10 * DAY
    background: float = 0.0
    efficiency: float = 1.0


@dataclass(frozen=True)
class State:
    """All that a user sets; energies in eV, times in s, angles in rad.

    Nothing is checked here: `renp.explorer.setup.build` says what is wrong with a state.

    Examples
    --------
    >>> State().with_run(Run(1.07)).runs[0].photon_energy
    1.07
    """

    atom: str = "Yb"
    E_eg: float | None = None
    """Energies of one's own; None for those of the catalogue."""
    E_vg: float | None = None
    effects: tuple[str, ...] = ()
    """What the papers leave out and is taken into account, of `renp.atoms.effects.EFFECTS`."""
    polarisation: str = "linear"
    boost: float = 0.0
    lightest_mass: float = 0.01
    ordering: str = "normal"
    nature: str = "dirac"
    release: str = "nufit-6.0"
    majorana_phases: tuple[float, float] = (0.0, 0.0)
    oscillation: dict[str, float] = field(default_factory=dict)
    """Parameters that differ from the release's, by the names of `renp.Neutrinos`."""
    interactions: tuple[Table, ...] = ()
    runs: tuple[Run, ...] = ()
    target: dict[str, float] = field(default_factory=dict)
    """Arguments of `renp.Target` that differ from the papers'."""
    laser: dict[str, float] = field(default_factory=dict)
    """Arguments of `renp.Laser`; a sharp line if empty."""
    confidence_level: float = 0.90
    uncertain: Table = field(default_factory=dict)
    """What else the [statistics] of the scenario file says; kept, and not used here."""
    tab: str = "spectrum"
    parts: str = "total"
    ratio: bool = False
    window: tuple[float, float] | None = None
    """Photon energies shown; None for those around the thresholds."""
    aim: str = "limits"
    elements: str = "magnetic-moment"
    total: float | None = None
    """Time of a plan, s; that of the runs if None."""
    theme: str = "light"

    def changed(self, **values: Any) -> "State":
        """Return the state with other values of fields."""
        return replace(self, **values)

    def with_run(self, run: Run) -> "State":
        """Return the state with one more run."""
        return replace(self, runs=(*self.runs, run))

    def with_interaction(self, k: int, table: Table | None) -> "State":
        """Return the state with interaction k replaced, added at the end, or removed (None)."""
        others = list(self.interactions)
        others[k : k + 1] = [] if table is None else [table]
        return replace(self, interactions=tuple(others))
