"""Scans: any result over a grid of any quantities of a scenario, in chunks that survive interruptions."""
