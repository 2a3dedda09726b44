"""A sentence for each control, shown on demand."""

HINTS = {
    "atom": "Which atom is excited; its energies set where the thresholds are.",
    "whole": "The letter takes each state as one number; the whole atom has spins and further states.",
    "effects": "Each may be looked at by itself.",
    "polarisation": "Of the trigger laser; left and right turn opposite ways, and tell the sign of a moment.",
    "prepared": "A prepared M is an atom that turns one way from the start, instead of all equally.",
    "ordering": "Whether the two masses close to each other are the lighter ones (normal) or the heavier.",
    "nature": "Whether neutrinos differ from antineutrinos (Dirac) or are the same (Majorana).",
    "lightest_mass": "The differences of the masses are known, the lightest is not.",
    "majorana_phases": "Phases that Majorana neutrinos alone have; here they act on the rates of pairs.",
    "release": "The analysis of all oscillation experiments from which the parameters are taken.",
    "delta_cp": "The phase by which neutrinos and antineutrinos mix differently.",
    "name": "A label, for files and figures.",
    "E_eg": "Energy of the excited state |e⟩ above the ground state.",
    "E_vg": "Energy of the virtual state |v⟩ above the ground state.",
    "boost": "Momentum that the preparing lasers leave in the target.",
    "target.density": "Excited atoms; the rate grows with its square.",
    "target.photon_density": "Photons of the trigger laser in the target.",
    "target.volume": "Of the target.",
    "target.dynamical_factor": "Share of the coherence that could be had, averaged over time: η.",
    "target.width": "The rate of the unit target: a number, or a convention: field, dipole, golden-rule.",
    "target.refractive_index": "Of the target at the trigger's energy; in it light and pair no longer match.",
    "laser.gaussian": "Full width at half maximum, 2.35 σ; it washes out the steps at the thresholds.",
    "laser.lorentzian": "Full width at half maximum of the part that has Lorentz's wings.",
    "laser.offset": "By how much the laser is above the energy that it shows.",
    "interactions": "What neutrinos have beside the weak interaction; several add, and interfere.",
    "elements": "Element ij couples neutrinos i and j. The slider scales all elements together.",
    "basis": "Whether elements are those of mass states, or of electron, muon and tau neutrinos.",
    "confidence_level": "Limits are below what would be seen with this probability.",
    "oscillation": "Whether masses and mixing are known, or as uncertain as the global fit has them.",
    "normalisation_error": "Relative error of all rates together: 0.05 or 5 %.",
    "background_error": "Relative error of all backgrounds together; it acts where runs have one.",
    "calibration_error": "Error of all photon energies together.",
    "linewidth_error": "Relative error of the laser's width.",
    "parts": "The whole, or what each pair of neutrinos or each interaction adds.",
    "ratio": "The model over the standard model: where it is 1 they cannot be told apart.",
    "window": "Photon energies that are shown; the wheel zooms, too.",
    "aim": "What the runs are to be best for.",
    "total": "Days for all runs together; left empty, those of the runs as they are.",
    "photon_energy": "In eV, or as a wavelength such as 1157 nm.",
    "duration": "Days of measuring there.",
    "background": "Counts per day that are no neutrino pairs.",
    "counts": "What was seen in each run; limits are then observed ones. A changed run loses them.",
}
"""By the key of a field, or the last part of it that is here."""


def hint(key: str) -> str:
    """Return the sentence of a control, or nothing.

    Examples
    --------
    >>> hint("runs.0.duration")
    'Days of measuring there.'
    """
    parts = key.split(".")
    names = (".".join(parts[k:]) for k in range(len(parts)))
    return next((HINTS[name] for name in names if name in HINTS), "")
