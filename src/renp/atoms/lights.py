"""An atom in the light of several runs: what it is in left and in right light, and the share of each."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from renp.atoms.atom import Atom

Found = TypeVar("Found")


class Lights(NamedTuple):
    """One atom in left and in right light, and how much more of each run's light is right, from −1 to 1."""

    left: Atom
    right: Atom
    share: Any
    """Shape (n,), in the order of the runs."""


def mixed(rate: Callable[[Atom], Found], atom: Atom | Lights) -> Found:
    """Return a rate of each run: light that is neither left nor right is half of each, without interference.

    Examples
    --------
    >>> yb = Atom.named("Yb", "full")
    >>> both = Lights(yb.in_light("left"), yb.in_light("right"), 0.5)
    >>> mixed(lambda one: one.waves[0].helicity, both)
    0.5
    """
    if not isinstance(atom, Lights):
        return rate(atom)
    left: Any = rate(atom.left)
    right: Any = rate(atom.right)
    found: Found = ((1 - atom.share) * left + (1 + atom.share) * right) / 2
    return found
