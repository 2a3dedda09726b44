"""What the package says to a user whose input it cannot accept."""


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
        super().__init__(f"{argument} = {value}: must be {allowed}")
        self.argument = argument
        self.value = value
        self.allowed = allowed


class PoleWarning(UserWarning):
    """A mediator goes on shell, q² = m², at or between the photon energies asked for."""
