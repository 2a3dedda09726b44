"""Interactions of neutrino and electron, one file for each: parameters in, couplings out."""

from renp.interactions.charge import Anapole, Charge, ChargeRadius
from renp.interactions.dipole import ElectricMoment, MagneticMoment
from renp.interactions.scalar import ScalarMediator
from renp.interactions.vector import VectorMediator
from renp.interactions.weak import Weak

__all__ = [
    "Anapole",
    "Charge",
    "ChargeRadius",
    "ElectricMoment",
    "MagneticMoment",
    "ScalarMediator",
    "VectorMediator",
    "Weak",
]
