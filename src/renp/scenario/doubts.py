"""What can be in a scenario file, but is more likely meant in another unit: said, and used as it is."""

from collections.abc import Iterator

import numpy as np

from renp.interactions.dipole import MOMENTS
from renp.scenario.build import Setting
from renp.scenario.problems import Place

HEAVY = 1.0
"""eV: above what tritium's decay leaves for the lightest neutrino, arXiv:2406.13516, by a factor of 2."""

SHORT = 60.0
"""s: of a run that is planned in days."""

LARGE = 1e-6
"""μ_B: above every bound on a moment by a factor of 10⁴."""


def doubts(setting: Setting) -> Iterator[tuple[Place, str]]:
    r"""Give the place and a sentence of each value that may be meant otherwise.

    Examples
    --------
    >>> from renp.scenario import Scenario
    >>> text = '[atom]\nname = "Yb"\n[neutrinos]\nlightest_mass = "10 eV"\n'
    >>> Scenario.from_text(text).notes
    ('line 4, neutrinos.lightest_mass: 10 eV is heavier than neutrinos can be; are meV meant?',)
    """
    mass = float(setting.neutrinos.lightest_mass)
    if mass > HEAVY:
        yield ("neutrinos", "lightest_mass"), f"{mass:g} eV is heavier than neutrinos can be; are meV meant?"
    times = np.asarray(setting.experiment.runs.duration)
    for k in np.flatnonzero((times > 0) & (times < SHORT))[:1]:
        yield ("run", int(k), "duration"), f"{times[k]:g} s is a short run; are hours or days meant?"
    for k, term in enumerate(setting.terms):
        size = np.max(np.abs(np.asarray(term.elements))) if isinstance(term, MOMENTS) else 0.0
        if size > LARGE:
            words = f"a moment of {size:g} μ_B is larger than any bound; elements are in μ_B"
            yield ("interaction", k, "elements"), words
