"""The letter's seven photon energies beside the best plans for the same target and total time."""

from renp.papers.letter import setup
from renp.planning.plan import ELEMENTS, plan
from renp.results.plan import Plan


def plans() -> dict[str, Plan]:
    """Return the best plans for the six magnetic, the six electric and all twelve elements.

    The criterion is the letter's: the worst expected limit at 90 % C.L., one element at a time, with
    70 days in all.
    """
    scenario = setup()
    return {kind: plan("limits", scenario.experiment, scenario.neutrinos, elements=kind) for kind in ELEMENTS}
