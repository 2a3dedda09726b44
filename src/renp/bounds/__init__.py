"""What other experiments say."""

from renp.bounds.catalogue import Bound, bound, catalogue

__all__ = ["Bound", "bound", "catalogue"]
