"""The methods by which limits are found, and what each means: one table for all who name them.

The command line's help reads it before anything is computed, so that nothing heavy is imported here: a method
says in which module its functions are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Method:
    """A method of finding upper limits.

    Parameters
    ----------
    means
        What its limit is.
    cites
        Keys of its references.
    accepted
        "module:function" that returns everything that the coupling may be, for each data set
        (`renp.inference.quadratic_set.AcceptedSet`, in the parameter's unit); it takes a
        `renp.inference.limit_search.LimitSearch`, a likelihood, data, moves, and the coupling's place. Empty
        for one by toys.
    band
        "module:function" that takes the same, of one data set, and returns the limits that the standard model
        would give within −2, …, 2 standard deviations, in that unit (`renp.inference.limit_search.Band`);
        empty without one.
    by_toys
        Whether it is `renp.inference.feldman_cousins`, which takes minutes where other parameters are fitted.
    few_counts
        Whether p-values come from all outcomes that there can be (`renp.inference.few_counts`) where these
        are few enough, for a coupling that alone is uncertain.
    power_constrained
        Whether an observed one-sided limit is not below the one expected with a deficit of one standard
        deviation.
    """

    means: str
    cites: tuple[str, ...]
    accepted: str = ""
    band: str = ""
    by_toys: bool = False
    few_counts: bool = False
    power_constrained: bool = False


_SEARCH = "renp.inference.limit_search"

METHODS = {
    "delta-chi2": Method(
        "the coupling at which −2 ln L has risen above its minimum by the quantile of χ² with one degree of "
        "freedom, 2.71 for 90 %, the upper end of a two-sided interval: what the letter's \"Poisson "
        'statistics" is taken to mean',
        ("ge-2023-letter",),
        f"{_SEARCH}:accepted_by_delta_chi2",
        f"{_SEARCH}:band_by_toys",
    ),
    "asymptotic": Method(
        "one-sided: p = 1 − CL for the test statistic q̃, which knows that a coupling squared is at least 0; "
        "no observed limit is below the one expected with a deficit of one standard deviation, since a large "
        'deficit would exclude everything; two-sided for a coupling that has a sign, as "delta-chi2"',
        ("cowan-2011", "cowan-2011-power"),
        f"{_SEARCH}:accepted_by_formulae",
        f"{_SEARCH}:band_by_formulae",
        power_constrained=True,
    ),
    "cls": Method(
        "the same for p_s+b/p_b, which does not exclude what the experiment cannot see; where counts are "
        "few, from all outcomes that there can be, since the formulae cover too little there; for a coupling "
        "that has a sign p_s/p_b of the two-sided statistic, −2 ln λ",
        ("cowan-2011", "read-2002"),
        f"{_SEARCH}:accepted_by_formulae",
        f"{_SEARCH}:band_by_formulae",
        few_counts=True,
    ),
    "feldman-cousins": Method(
        "the outermost end of the unified interval: from all outcomes where counts are few, else by toys",
        ("feldman-1998",),
        by_toys=True,
        few_counts=True,
    ),
}
"""By the name that users give."""


def load(place: str) -> Callable[..., Any]:
    """Return a function by "module:function".

    Examples
    --------
    >>> load("math:sqrt")(4.0)
    2.0
    """
    module, _, name = place.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


def listed() -> str:
    """Return the names in a sentence, with what is special about them, for help.

    Examples
    --------
    >>> listed()
    'delta-chi2, asymptotic, cls, feldman-cousins (minutes for each coupling if other parameters are fitted).'
    """
    slow = " (minutes for each coupling if other parameters are fitted)"
    names = ", ".join(name + slow * method.by_toys for name, method in METHODS.items())
    return f"{names}."
