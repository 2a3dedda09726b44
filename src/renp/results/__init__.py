"""What the commands compute, as typed values that print, plot and save themselves."""

from renp.results.atom import Catalogue
from renp.results.base import Result
from renp.results.bounds import Bounds
from renp.results.counts import Counts
from renp.results.limits import Limits
from renp.results.spectrum import Spectrum
from renp.results.table import Table

__all__ = ["Bounds", "Catalogue", "Counts", "Limits", "Result", "Spectrum", "Table"]
