"""What the commands compute, as typed values that print, plot and save themselves."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from renp.results.atom import Catalogue
    from renp.results.base import Result
    from renp.results.bounds import Bounds
    from renp.results.counts import Counts
    from renp.results.limits import Limits
    from renp.results.spectrum import Spectrum
    from renp.results.table import Table

__all__ = ["Bounds", "Catalogue", "Counts", "Limits", "Result", "Spectrum", "Table"]

_HOME = {"Catalogue": "atom", "Result": "base"}


def __getattr__(name: str) -> Any:
    """Load a result on first use: a command needs one of them."""
    if name in __all__:
        return getattr(import_module(f"renp.results.{_HOME.get(name, name.lower())}"), name)
    raise AttributeError(f"module 'renp.results' has no attribute {name!r}")
