"""The commands, each in the module of its sort."""

from renp.cli import observables, planning, programs, scenarios, statistics
from renp.cli.application import app

__all__ = ["app", "observables", "planning", "programs", "scenarios", "statistics"]
