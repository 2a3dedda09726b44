"""Compilation for the widest vectors that the processor has."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

import jax
from jax.errors import JaxRuntimeError

from renp.compilations import kept_in
from renp.errors import InputError
from renp.programs import Programs, UnkeptError

Found = TypeVar("Found")

_OPTIONS: dict[str, Any] = {"xla_cpu_prefer_vector_width": 512}
"""XLA stops at 256 bits; processors without wider vectors are not asked for more than they have."""


_REFUSALS = ("`compiler_options` can only be passed to top-level", "No such compile option")
"""What JAX says of options within another compiled function, and a compiler of those it does not know."""


_SOON = {"xla_cpu_use_fusion_emitters": False}
"""Half the time to compile; fits run as fast, spectra at some hundred photon energies take twice as long."""


def compiled(function: Callable[..., Found], *, fast: bool = False) -> Callable[..., Found]:
    """Return a function compiled by JAX, with options that hold where it is not part of another one.

    Parameters
    ----------
    function
        Pure, of arrays.
    fast
        Whether it is worth more to run fast than to be compiled soon.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> twice = compiled(lambda x: 2 * x)
    >>> float(twice(jnp.array(3.0))), float(jax.jit(twice)(3.0))
    (6.0, 6.0)
    """
    options = _OPTIONS | ({} if fast else _SOON)
    alone: Callable[..., Found] = jax.jit(function, compiler_options=options)
    part: Callable[..., Found] = jax.jit(function)
    programs = Programs(function, options)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Found:
        if not jax.config.jax_enable_x64:  # type: ignore[attr-defined]
            raise InputError("jax_enable_x64", "False", "True: single precision has 7 digits")
        if kept_in() is not None:
            with suppress(UnkeptError):
                return programs(*args, **kwargs)  # type: ignore[no-any-return]
        try:
            return alone(*args, **kwargs)
        except (ValueError, JaxRuntimeError) as error:
            if not any(words in str(error) for words in _REFUSALS):
                raise
            return part(*args, **kwargs)

    return call
