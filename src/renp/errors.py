"""What the package says to a user whose input it cannot accept, or whose names have changed."""

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

Named = TypeVar("Named", bound=Callable[..., Any])


def renamed(**names: str) -> Callable[[Named], Named]:
    """Let a function or class take arguments by their old names too, ``old="new"``, with a warning.

    Examples
    --------
    >>> @renamed(width="linewidth")
    ... def line(linewidth: float) -> float:
    ...     return 2 * linewidth
    >>> line(linewidth=1.0)
    2.0
    """

    def decorate(named: Named) -> Named:
        inner: Callable[..., Any] = named.__init__ if isinstance(named, type) else named  # type: ignore[misc]

        @functools.wraps(inner)
        def outer(*values: Any, **arguments: Any) -> Any:
            for old in names.keys() & arguments.keys():
                said = f"{old} of {named.__name__} is now called {names[old]}"
                warnings.warn(f"{said}; the old name goes in the next minor version", DeprecationWarning, 2)
                arguments[names[old]] = arguments.pop(old)
            return inner(*values, **arguments)

        if not isinstance(named, type):
            return outer  # type: ignore[return-value]
        named.__init__ = outer  # type: ignore[misc]
        return named

    return decorate


_LONGEST = 200
"""Characters of a value that a message shows."""


def shown(value: object, longest: int = 60) -> str:
    """Return a value as it is written in Python, shortened; an integer of thousands of digits, too.

    Examples
    --------
    >>> shown("0.01 eV"), shown(10**5000), shown([1.0] * 99, 20)
    ("'0.01 eV'", 'an integer of 5001 digits', '[1.0, 1.0, 1.0, ...')
    """
    if isinstance(value, int) and (digits := int(abs(value).bit_length() * 0.30103) + 1) > _LONGEST:
        return f"an integer of {digits} digits"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # of a stranger's class, or with such an integer in it
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


class InputError(ValueError):
    """A value that a user gave is not allowed.

    Parameters
    ----------
    argument
        The argument, key or option, as the user wrote it.
    value
        The value as given.
    allowed
        What would be right: completes the sentence "must be ...".

    Examples
    --------
    >>> print(InputError("lightest_mass", -1.0, "a finite energy in eV, at least 0"))
    lightest_mass = -1.0: must be a finite energy in eV, at least 0
    """

    def __init__(self, argument: str, value: object, allowed: str) -> None:
        text = " ".join((value if isinstance(value, str) else _plainly(value)).split())
        self.said = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
        super().__init__(f"{argument} = {self.said}: must be {allowed}")
        self.argument = argument
        self.value = value
        self.allowed = allowed


class StorageError(InputError):
    """A disk is full or fails: no fault of what was given, nor of the package.

    Examples
    --------
    >>> print(StorageError("output", "a.nc", "a file that can be written (No space left on device)"))
    output = a.nc: must be a file that can be written (No space left on device)
    """


def _plainly(value: object) -> str:
    """Return a value as it is printed, or at least as `shown`."""
    try:
        return str(value)
    except Exception:
        return shown(value)


class PoleWarning(UserWarning):
    """A mediator goes on shell, q² = m², between the photon energies asked for."""


class ScenarioError(ValueError):
    """A scenario file has problems; the message lists all of them.

    Parameters
    ----------
    file
        Name of the file.
    problems
        One sentence each.

    Examples
    --------
    >>> print(ScenarioError("a.toml", ["line 3, atom.name = 'Y': must be 'Yb'"]))
    a.toml: 1 problem
      line 3, atom.name = 'Y': must be 'Yb'
    """

    def __init__(self, file: str, problems: list[str]) -> None:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        super().__init__("\n  ".join([f"{file}: {count}", *problems]))
        self.file = file
        self.problems = problems
