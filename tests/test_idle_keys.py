"""Nothing is accepted and ignored: a key that cannot act under the others is an error that says so."""

from pathlib import Path

import pytest

import renp
from cases import HEAD
from renp.errors import ScenarioError
from renp.scenario import Scenario, schema
from scenarios import ATOM_FILE

RUN = '[[run]]\nphoton_energy = "1.068 eV"\nduration = "10 day"\n'
AXIS = '[[scan.axis]]\nparameter = "neutrinos.lightest_mass"\nvalues = ["1 meV"]\n'
SCAN = f"{HEAD}{RUN}{AXIS}[scan]\n"
PREPARED = "[target.preparation]\nlength = '1 cm'\nrepetition = '1 / s'\ncoherence = 0.1\n"
SHOT = "{ energy = '1 mJ', duration = '20 ps', waist = '3 mm' }"
PHOTON = '[[scan.axis]]\nparameter = "photon_energy"\nvalues = ["1 eV"]\n'


def axis(parameter: str, values: str) -> str:
    return f'[[scan.axis]]\nparameter = "{parameter}"\nvalues = {values}\n'


IDLE = {
    "a name beside a file": (
        '[atom]\nfile = "mine.toml"\nname = "Yb"\n',
        "atom.name: has no effect beside file",
    ),
    "an energy beside a file": (
        '[atom]\nfile = "mine.toml"\nE_eg = "2 eV"\n',
        "atom.E_eg: has no effect beside file",
    ),
    "phases of Dirac neutrinos": (
        f'{HEAD}majorana_phases = ["1 rad", "1 rad"]\n',
        'neutrinos.majorana_phases: has no effect with nature = "dirac", but with "majorana"',
    ),
    "control counts of no control": (
        f"{HEAD}{RUN}control_counts = 0\n",
        "run[1].control_counts: has no effect without control_ratio",
    ),
    "an error of no background": (
        f"{HEAD}{RUN}background_error = 0.1\n",
        "run[1].background_error: has no effect without background",
    ),
    "an error of no run's background": (
        f"{HEAD}{RUN}[statistics]\nbackground_error = 0.1\n",
        "statistics.background_error: has no effect where no run has a background",
    ),
    "a width's error of a sharp line": (
        f"{HEAD}{RUN}[statistics]\nlinewidth_error = 0.1\n",
        "0 for a sharp line",
    ),
    "a confidence level of no limit": (
        f"{HEAD}[statistics]\nfree = ['lightest_mass']\n[statistics.measured_masses.sum]\n"
        "value = '0.1 eV'\nerror = '0.1 eV'\nconfidence_level = 0.9\n",
        "statistics.measured_masses: sum.confidence_level has no effect without limit",
    ),
    "a detuning of no pulses": (
        f"{HEAD}{PREPARED}detuning = '1e-9 eV'\n",
        "target.preparation: detuning has no effect without pulses",
    ),
    "a trigger's direction": (
        f"{HEAD}{PREPARED}trigger = [{SHOT}, {SHOT[:-1]}, direction = 'left' }}]\n",
        "target.preparation: trigger[2].direction is not a known key",
    ),
    "counts of a planned run": (
        HEAD + RUN.replace("run", "planned") + "control_counts = 1\n",
        "planned[1].control_counts: a run with control_counts was made",
    ),
    "light that nobody sees": ('polarisation = "left"', "polarisation: 'left': must be linear"),
    "light of no polarisation": ('polarisation = "foo"', "must be 'linear' or 'left' or 'right'"),
    "circular light": ('polarisation = "circular"', "must be 'linear' or 'left' or 'right'"),
    "a prepared state that nobody sees": ("prepared = 0", "left out where spins are averaged"),
    "couplings of counts": (
        f'{SCAN}result = "counts"\ncouplings = ["magnetic-moment 11"]\n',
        'scan.couplings: has no effect with result = "counts", but with "limits"',
    ),
    "an aim of limits": (f'{SCAN}result = "limits"\naim = "ordering"\n', "scan.aim: has no effect"),
    "elements of an aim without": (
        f'{SCAN}result = "plan"\naim = "ordering"\nelements = "both"\n',
        'scan.elements: has no effect with aim = "ordering"',
    ),
    "an axis without effect": (
        f'{HEAD}{RUN}[scan]\nresult = "spectrum"\n{PHOTON}' + axis("target.volume", '["1 ml"]'),
        'target.volume has no effect on the result "spectrum"',
    ),
    "an axis without effect beside a file": (
        f'[atom]\nfile = "mine.toml"\n{HEAD[19:]}{RUN}[scan]\nresult = "counts"\n'
        + axis("atom.E_eg", '["2 eV"]'),
        "atom.E_eg has no effect beside file",
    ),
}


@pytest.mark.parametrize("name", IDLE)
def test_a_key_without_effect_is_named(name: str, tmp_path: Path) -> None:
    text, words = IDLE[name]
    (tmp_path / "mine.toml").write_text(ATOM_FILE)
    full = text if "[" in text else f'[atom]\nname = "Yb"\n{text}\n{HEAD[19:]}'
    with pytest.raises(ScenarioError) as raised:
        Scenario.from_text(full, str(tmp_path / "a.toml"))
    assert words in str(raised.value)


def test_what_a_scan_varies_makes_no_key_idle() -> None:
    phases = 'nature = "majorana"\nmajorana_phases = ["1 rad", "1 rad"]\n'
    natures = axis("neutrinos.nature", '["majorana", "dirac"]')
    assert Scenario.from_text(f'{HEAD}{phases}{RUN}[scan]\nresult = "counts"\n{natures}').scan is not None


def test_every_rule_is_of_keys_that_there_are() -> None:
    for section in schema.Section.__subclasses__():
        for key, rules in section.acts.items():
            for rule in rules:
                others = rule.others if isinstance(rule, schema.Beside) else [rule.other]
                assert {key, *others} <= set(section.model_fields)


FURTHER = """[[further]]
label = "f"
wavenumber = 25000
J = 1
source = "mine"
verified = true
amplitude = -1.0
"""
E, V = ATOM_FILE.split("[v]")

WRONG = {
    "half a J": (E.replace("J = 0", "J = 1.5") + "[v]" + V, "[e] J = 1.5: must be a whole number"),
    "J as text": (E.replace("J = 0", 'J = "0"') + "[v]" + V, "[e] J = '0': must be a whole number"),
    "negative J": (E.replace("J = 0", "J = -1") + "[v]" + V, "[e] J = -1"),
    "large J": (E.replace("J = 0", "J = 3") + "[v]" + V, "[e] J = 3: must be 0, 1 or 2"),
    "J_v": (ATOM_FILE.replace("J = 1", "J = 2"), "[v] J = 2: must be 1: by its dipole"),
    "v as low as e": (f"{E}[v]{E.partition('[e]')[2].replace('J = 0', 'J = 1')}", "[v] wavenumber"),
    "negative A": (ATOM_FILE + "A = -1\n", "[v] A = -1.0: must be a decay rate in 1/s, at least 0"),
    "A is no number": (ATOM_FILE + "A = nan\n", "[v] A = nan"),
    "A as text": (ATOM_FILE + 'A = "1/s"\n', "[v] A = '1/s'"),
    "more of no A": (ATOM_FILE + "A_verified = true\n", "[v] A_verified = True: must be left out without A"),
    "further J": (
        ATOM_FILE + FURTHER.replace("J = 1", "J = 2"),
        "[[further]] 1 J = 2: must be 1 with an amplitude",
    ),
    "further low": (
        ATOM_FILE + FURTHER.replace("25000", "4000"),
        "[[further]] 1 wavenumber = 4000: must be above",
    ),
    "amplitude of v": (ATOM_FILE + "amplitude = 1.0\n", "[v] amplitude = 1.0: must be left out"),
    "amplitude": (
        ATOM_FILE + FURTHER.replace("-1.0", "inf"),
        "[[further]] 1 amplitude = inf: must be a finite",
    ),
    "verified": (
        ATOM_FILE.replace("true", '"yes"'),
        "[e] verified = 'yes', of type str: must be true or false",
    ),
    "a key too few": (
        ATOM_FILE.replace("J = 0\n", ""),
        "[e] = without J: must be a level with label, wavenumber, J",
    ),
    "a key too many": (
        ATOM_FILE + "amplitud = 1\n",
        "[v] amplitud = 1: must be left out: no such key (did you mean",
    ),
    "a table too few": (E, "atom = without [v]: must be one with complete levels"),
    "a table too many": (f"E_eg = 1\n{ATOM_FILE}", "E_eg = 1: must be left out: an atom has name"),
    "no table": ("e = 1\nv = 2\n", "[e] = 1: must be a table"),
    "one table for many": (
        ATOM_FILE + FURTHER.replace("[[further]]", "[further]"),
        "array of tables, [[further]]",
    ),
    "name": (ATOM_FILE.replace('"mine"', "5", 1), "name = 5, of type int: must be text"),
    "wrong order": (
        ATOM_FILE.replace("17992", "17000"),
        "[v] wavenumber = 17000.0: must be above that of [e]",
    ),
    "huge": (ATOM_FILE.replace("17992.0", "1" + 400 * "0"), "[v] wavenumber = an integer of 401 digits"),
    "more digits than Python reads": (f"a = {5000 * '7'}\n{ATOM_FILE}", "line 1 has a number of 5000 digits"),
    "deep": (f"a = {3000 * '['}{3000 * ']'}\n{ATOM_FILE}", "nested too deeply"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_atom_file_is_answered_in_its_words(name: str, tmp_path: Path) -> None:
    text, words = WRONG[name]
    (tmp_path / "mine.toml").write_text(text)
    for approximation in ("papers", "full"):
        with pytest.raises(renp.InputError) as raised:
            renp.Atom.read(tmp_path / "mine.toml", approximation)
        assert words in str(raised.value)
        assert "__init__" not in str(raised.value)
    with pytest.raises(ScenarioError) as of_file:
        Scenario.from_text(f'[atom]\nfile = "mine.toml"\n{HEAD[19:]}', str(tmp_path / "a.toml"))
    assert "line 2, atom.file: " in str(of_file.value)
    assert words in str(of_file.value)


@pytest.mark.parametrize("name", ["none.toml", "a\0b.toml", "."])
def test_an_atom_file_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    with pytest.raises(renp.InputError, match="a TOML file that can be read"):
        renp.Atom.read(tmp_path / name)


def test_an_atom_file_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "mine.toml").write_text(ATOM_FILE, encoding=encoding)
        assert renp.Atom.read(tmp_path / "mine.toml").name == "mine"
