"""Kinematics and the master formula: couplings in, spectrum out. Nothing is checked here."""
