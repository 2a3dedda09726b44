"""Scenario files: one TOML file says what is measured, and every command takes it."""

from renp.scenario.file import TEMPLATE, Scenario, preset_names, preset_text

__all__ = ["TEMPLATE", "Scenario", "preset_names", "preset_text"]
