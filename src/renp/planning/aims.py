"""What a plan can be for: one table for all who name an aim.

The command line's help reads it before anything is computed, so that nothing heavy is imported here: an aim
says in which module its contrasts are.
"""

from dataclasses import dataclass

_TRUTHS = "renp.planning.truths"


@dataclass(frozen=True)
class Aim:
    """An aim of plans.

    Parameters
    ----------
    tells
        What is told apart, and what the plan makes large or small.
    contrasts
        "module:function" that returns the contrasts for one of the neutrinos; it takes a
        `renp.planning.truths.Setting` and the neutrinos.
    error_of
        Unit of what is measured, for an aim whose error, at 68 %, is made small.
    of_couplings
        Whether it is about couplings, the moments if none are given.
    both_moments
        Whether moments of both kinds are needed, whichever elements matter.
    is_limit
        Whether upper limits are made small, at the confidence level that is given.
    helicities
        Whether runs are in left or right light, whichever serves.
    both_orderings
        Whether neutrinos of the other ordering are told from those given, so that their thresholds matter.
    """

    tells: str
    contrasts: str
    error_of: str = ""
    of_couplings: bool = False
    both_moments: bool = False
    is_limit: bool = False
    helicities: bool = False
    both_orderings: bool = False

    @property
    def made_small(self) -> bool:
        """Whether a limit or an error is made small, instead of a significance large."""
        return self.is_limit or bool(self.error_of)

    @property
    def acts(self) -> tuple[str, ...]:
        """Arguments of a plan that not every aim uses, and this one does.

        Examples
        --------
        >>> AIMS["sign"].acts, AIMS["ordering"].acts
        (('elements', 'couplings', 'strength', 'profiled'), ())
        """
        used = {
            "elements": self.of_couplings and not self.both_moments,
            "couplings": self.of_couplings,
            "strength": self.of_couplings and not self.is_limit,
            "weights": self.made_small,
            "profiled": self.of_couplings or bool(self.error_of),
        }
        return tuple(name for name, is_used in used.items() if is_used)


AIMS = {
    "limits": Aim(
        "no coupling, or the best fit of each to earlier counts, from each coupling; its upper limit",
        f"{_TRUTHS}:limits",
        of_couplings=True,
        is_limit=True,
    ),
    "lightest-mass": Aim("the mass from another mass; the error", f"{_TRUTHS}:masses", "eV"),
    "majorana-phases": Aim("the phases from another phase; the error", f"{_TRUTHS}:phases", "rad"),
    "identify": Aim(
        "one element of a moment from another element of any size; significance",
        f"{_TRUTHS}:identify",
        of_couplings=True,
    ),
    "magnetic-or-electric": Aim(
        "a magnetic element from electric elements of any size, and reverse; significance",
        f"{_TRUTHS}:magnetic_or_electric",
        of_couplings=True,
        both_moments=True,
    ),
    "sign": Aim(
        "one sign of a coupling that interferes from any size of the other sign; significance",
        f"{_TRUTHS}:signs",
        of_couplings=True,
        helicities=True,
    ),
    "ordering": Aim(
        "one ordering from the other one, and reverse; significance",
        f"{_TRUTHS}:orderings",
        both_orderings=True,
    ),
    "nature": Aim("Dirac from Majorana, and reverse; significance", f"{_TRUTHS}:natures"),
    "discovery": Aim("the model from the standard model; significance", f"{_TRUTHS}:discovery"),
}
"""By the name that users give."""
