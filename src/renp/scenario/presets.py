"""Scenario files that come with the package."""

from renp.datafiles import read_text
from renp.validation import choice

_PRESETS = ("letter", "vector-mediator", "scalar-mediator")


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets.

    Examples
    --------
    >>> preset_names()[0]
    'letter'
    """
    return _PRESETS


def preset_text(name: str) -> str:
    """Return a commented scenario file.

    Raises
    ------
    InputError
        For an unknown name.

    Examples
    --------
    >>> preset_text("letter").splitlines()[-1]
    'confidence_level = 0.90'
    """
    return read_text(f"presets/{choice('preset', name, _PRESETS)}.toml")
