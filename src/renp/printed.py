"""Values as one line of text: the call that makes them, without what is as usual."""

from inspect import signature
from typing import Any

import equinox as eqx
import jax
import numpy as np

from renp.validation import is_traced

_MOST = 8
"""Numbers of an array that are printed, if it has more."""


def printed(value: Any, **parts: Any) -> str:
    """Return the call that makes a value.

    Parameters
    ----------
    value
        Of which the names of parameters and what is usual are taken.
    parts
        What is known under another name in it; None leaves a part out.

    Examples
    --------
    >>> from renp.experiment import Target
    >>> printed(Target(volume=50.0)), printed(Target(volume=50.0), volume=None)
    ('Target(volume=50.0)', 'Target()')
    """
    said = []
    for name, parameter in signature(type(value)).parameters.items():
        own = parts[name] if name in parts else getattr(value, name, None)
        if own is not None and not _usual(own, parameter.default):
            said.append(f"{name}={_text(own)}")
    return f"{type(value).__name__}({', '.join(said)})"


def _usual(own: Any, usual: Any) -> bool:
    if is_traced(*jax.tree.leaves(own)):
        return False
    if isinstance(own, eqx.Module):
        return type(own) is type(usual) and bool(eqx.tree_equal(own, usual))
    return usual is not None and bool(np.all(own == usual))


def _text(own: Any) -> str:
    if isinstance(own, np.ndarray):
        return np.array2string(own, separator=", ", threshold=_MOST, edgeitems=3).replace("\n", "")
    return repr(own)
