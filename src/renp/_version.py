"""The version, where the package metadata and every floor read it."""

__version__ = "0.1.0"
