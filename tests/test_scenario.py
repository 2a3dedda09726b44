"""Scenario files: what they say becomes the package's values, and every problem is named with its line."""

import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import renp
from cases import HEAD
from relative import relative
from renp.errors import ScenarioError
from renp.scenario import Scenario, preset_names, preset_text
from renp.scenario.interactions import kinds
from scenarios import ATOM_FILE

DAY = 86400.0

TEXT = """\
[atom]
name = "Yb"

[target]
density = "1e21 / cm^3"
photon_density = "1e21 / cm^3"
volume = "100 cm^3"

[neutrinos]
ordering = "normal"
nature = "dirac"
lightest_mass = "0.01 eV"
release = "nufit-6.0"

[[interaction]]
kind = "magnetic-moment"
elements = { "11" = 3e-11 }

[[run]]
photon_energy = "1.068 eV"
duration = "10 day"
counts = 118
background = "0.1 / day"

[statistics]
confidence_level = 0.90
"""


def edited(old: str, new: str) -> str:
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


def problems(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(text, "a.toml")
    found = caught.value.problems
    count = f"{len(found)} problem{'s' if len(found) > 1 else ''}"
    assert str(caught.value) == "\n  ".join([f"a.toml: {count}", *found])
    return found


# Presets


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_valid(name: str) -> None:
    scenario = Scenario.from_text(preset_text(name))
    assert scenario.experiment.photon_energy.size in (3, 7)
    assert scenario.model != renp.Weak()
    assert scenario.text == preset_text(name)


@pytest.mark.parametrize("name", preset_names())
def test_presets_explain_themselves(name: str) -> None:
    assert sum("#" in line for line in preset_text(name).splitlines()) > 8


def test_presets_of_the_papers_are_there() -> None:
    assert {"letter", "vector-mediator", "scalar-mediator"} <= set(preset_names())


def test_unknown_preset() -> None:
    with pytest.raises(renp.InputError, match=r"preset = 'leter': must be .*did you mean 'letter'"):
        preset_text("leter")


# Values and units


def experiment(old: str, new: str) -> renp.Experiment:
    return Scenario.from_text(edited(old, new)).experiment


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        ("1.068 eV", 1.068),
        ("1068 meV", 1.068),
        ("1.711124e-19 J", 1.711124e-19 / 1.602176634e-19),
        ("1157 nm", 1239.8419843320025 / 1157),
        ("1.157 um", 1239.8419843320025 / 1157),
        ("259.1 THz", 259.1 * 4.135667696923859e-3),
        ("8643.4 1/cm", 8643.4 * 1.2398419843320026e-4),
        ("8643.4 / cm", 8643.4 * 1.2398419843320026e-4),
    ],
)
def test_photon_energies(quantity: str, value: float) -> None:
    found = experiment('photon_energy = "1.068 eV"', f'photon_energy = "{quantity}"').photon_energy[0]
    assert float(found) == relative(value, rel=1e-12)


@pytest.mark.parametrize(
    ("quantity", "seconds"),
    [
        ("10 day", 864000),
        ("10 days", 864000),
        ("240 hour", 864000),
        ("2 week", 1209600),
        ("90 minute", 5400),
        ("5 s", 5),
        ("0 s", 0),
    ],
)
def test_durations(quantity: str, seconds: float) -> None:
    assert float(experiment('"10 day"', f'"{quantity}"').duration[0]) == relative(seconds, rel=1e-14)


@pytest.mark.parametrize("quantity", ["1e27 / m^3", "1e27 1/m^3", "1e27 m**-3", "1e18 / mm^3"])
def test_densities(quantity: str) -> None:
    target = experiment('\ndensity = "1e21 / cm^3"', f'\ndensity = "{quantity}"').target
    assert target.density == relative(1e21, rel=1e-14)


@pytest.mark.parametrize("quantity", ["0.1 liter", "100 ml", "1e-4 m^3"])
def test_volumes(quantity: str) -> None:
    assert experiment('"100 cm^3"', f'"{quantity}"').target.volume == relative(100, rel=1e-14)


@pytest.mark.parametrize("quantity", ["0.1 / day", "36.525 / year", "1.1574074074074074e-6 Hz"])
def test_backgrounds(quantity: str) -> None:
    found = experiment('"0.1 / day"', f'"{quantity}"').background[0]
    assert float(found) == relative(0.1 / DAY, rel=1e-12)


def test_angles_and_splittings() -> None:
    extra = 'delta_cp = "180 deg"\ndm2_31 = "2.5e-3 eV^2"\nmajorana_phases = ["90 deg", "1 rad"]\n'
    nu = Scenario.from_text(HEAD + extra + 'nature = "majorana"\n').neutrinos
    phases = {"nature": "majorana", "majorana_phases": (np.pi / 2, 1.0)}
    assert nu == renp.Neutrinos(0.01, delta_cp=np.pi, dm2_31=2.5e-3, **phases)


@pytest.mark.parametrize("values", [{}, {"E_eg": 2.1, "E_vg": 2.3}], ids=["catalogue", "own"])
def test_atoms(values: dict[str, float]) -> None:
    lines = "".join(f'{key} = "{value} eV"\n' for key, value in values.items())
    atom = Scenario.from_text(edited('name = "Yb"\n', f'name = "Yb"\n{lines}')).atom
    assert atom == (renp.Atom("Yb", **values) if values else renp.Atom.named("Yb"))


def test_minimal_file_is_the_standard_model_without_runs() -> None:
    scenario = Scenario.from_text(HEAD)
    assert scenario.model == renp.Weak()
    assert scenario.experiment.photon_energy.shape == (0,)
    assert scenario.experiment.counts is None
    assert scenario.confidence_level == 0.90


# The same values from a file and from Python


def test_whole_file_equals_python() -> None:
    yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
    runs = renp.Experiment(yb, renp.Target(1e21, 1e21, 100.0), [1.068], 10 * DAY, 0.1 / DAY, counts=[118])
    model = renp.Weak() + renp.MagneticMoment({(1, 1): 3e-11})
    scenario = Scenario.from_text(TEXT)
    assert scenario.atom == yb
    assert scenario.neutrinos == nu
    assert eqx.tree_equal(scenario.model, model)
    assert eqx.tree_equal(scenario.experiment, runs, rtol=1e-14)
    assert renp.expected_counts(scenario.experiment, scenario.neutrinos, scenario.model)[0] == relative(
        float(renp.expected_counts(runs, nu, model)[0]), rel=1e-14
    )


@pytest.mark.sampled
@pytest.mark.parametrize("name", preset_names())
def test_presets_written_out_by_hand_give_the_same_counts(name: str) -> None:
    data = tomllib.loads(preset_text(name))
    table = data["interaction"][0]
    pairs = {tuple(map(int, key)): value for key, value in _first_mapping(table).items()}
    built = {
        "magnetic-moment": lambda: renp.MagneticMoment(pairs),
        "vector-mediator": lambda: renp.VectorMediator(1e3, table["electron"], left=pairs),
        "scalar-mediator": lambda: renp.ScalarMediator(1e3, table["electron"], scalar=pairs),
    }[table["kind"]]()
    days = float(data["run"][0]["duration"].split()[0])
    runs = renp.Experiment(
        renp.Atom("Yb", 2.14349, 2.23072),
        renp.Target(),
        [float(run["photon_energy"].split()[0]) for run in data["run"]],
        days * DAY,
    )
    by_hand = renp.expected_counts(runs, renp.Neutrinos(0.01, release="nufit-5.1"), renp.Weak() + built)
    scenario = Scenario.from_text(preset_text(name))
    from_file = renp.expected_counts(scenario.experiment, scenario.neutrinos, scenario.model)
    np.testing.assert_allclose(from_file, by_hand, rtol=1e-13)


def _first_mapping(table: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(value for value in table.values() if isinstance(value, Mapping))


PAIRS = {(1, 1): 1e-9, (1, 2): 1e-9 + 2e-9j}
TOML_PAIRS = '{ "11" = 1e-9, "12" = "1e-9 + 2e-9j" }'
ROWS = [[1e-9, 2e-9j, 0], [-2e-9j, 0, 0], [0, 0, 3e-9]]
TOML_ROWS = '[[1e-9, "2e-9j", 0], ["-2e-9j", 0, 0], [0, 0, 3e-9]]'

INTERACTIONS = [
    ("magnetic-moment", f"elements = {TOML_PAIRS}", renp.MagneticMoment(PAIRS)),
    ("magnetic-moment", f"elements = {TOML_ROWS}", renp.MagneticMoment(ROWS)),
    ("electric-moment", f"elements = {TOML_PAIRS}", renp.ElectricMoment(PAIRS)),
    ("charge", f"elements = {TOML_PAIRS}", renp.Charge(PAIRS)),
    ("charge-radius", f"elements = {TOML_PAIRS}", renp.ChargeRadius(PAIRS)),
    ("anapole", f"elements = {TOML_PAIRS}", renp.Anapole(PAIRS)),
    (
        "vector-mediator",
        f'mass = "1 keV"\nwidth = "2 eV"\nelectron = 1e-8\nleft = {TOML_PAIRS}\nright = {TOML_ROWS}',
        renp.VectorMediator(1e3, 1e-8, left=PAIRS, right=ROWS, width=2.0),
    ),
    (
        "vector-mediator",
        f'mass = "1 keV"\nelectron = 1e-8\nleft = {TOML_PAIRS}\nbasis = "flavour"',
        renp.VectorMediator(1e3, 1e-8, left=PAIRS, basis="flavour"),
    ),
    (
        "scalar-mediator",
        f'mass = "0.5 MeV"\nelectron = 1e-5\nscalar = {TOML_ROWS}\npseudoscalar = {TOML_PAIRS}',
        renp.ScalarMediator(5e5, 1e-5, scalar=ROWS, pseudoscalar=PAIRS),
    ),
    ("couplings", f"V = {TOML_ROWS}\nmu = {TOML_ROWS}", renp.Couplings(V=ROWS, mu=ROWS)),
]


@pytest.mark.parametrize(
    ("kind", "keys", "interaction"), INTERACTIONS, ids=[f"{i[0]}-{k}" for k, i in enumerate(INTERACTIONS)]
)
def test_interactions_equal_their_constructors(kind: str, keys: str, interaction: renp.Interaction) -> None:
    scenario = Scenario.from_text(f'{HEAD}[[interaction]]\nkind = "{kind}"\n{keys}\n')
    assert eqx.tree_equal(scenario.model, renp.Weak() + interaction, rtol=1e-14)


def test_every_kind_of_the_package_is_tested() -> None:
    own = {kind for kind, cls in kinds().items() if cls.__module__.startswith("renp.")}
    assert own == {kind for kind, _, _ in INTERACTIONS}


def test_interactions_add() -> None:
    more = '[[interaction]]\nkind = "electric-moment"\nelements = { "12" = 1e-11 }\n'
    model = Scenario.from_text(TEXT + more).model
    expected = renp.Weak() + renp.MagneticMoment({(1, 1): 3e-11}) + renp.ElectricMoment({(1, 2): 1e-11})
    assert eqx.tree_equal(model, expected)


# A user's own interaction


class Contact(renp.Interaction):
    """A contact interaction that the package does not know."""

    kind: ClassVar[str] = "test-contact"
    units: ClassVar[Mapping[str, str]] = {"scale": "eV"}

    scale: float
    pattern: Any
    strength: float = 1.0

    def couplings(self, neutrinos: renp.Neutrinos, q2: Any) -> renp.Couplings:
        del neutrinos
        return renp.Couplings(V=self.strength * q2 / self.scale**2 * jnp.asarray(self.pattern))


class Heavier(Contact):
    """Inherits its parent's kind, without being meant by it."""


class Styled(renp.Interaction):
    """An interaction with an argument that is text, and one that is a list."""

    kind: ClassVar[str] = "test-styled"

    style: str = eqx.field(static=True)
    strengths: Any

    def couplings(self, neutrinos: renp.Neutrinos, q2: Any) -> renp.Couplings:
        del neutrinos, q2
        return renp.Couplings(V=jnp.diag(jnp.asarray(self.strengths)))


CONTACT = f'{HEAD}[[interaction]]\nkind = "test-contact"\nscale = "1 keV"\npattern = {TOML_ROWS}\n'


def test_own_interaction_works_from_a_file() -> None:
    scenario = Scenario.from_text(CONTACT + "strength = 2\n")
    _, own = scenario.model.interactions
    assert isinstance(own, Contact)
    assert (own.scale, own.strength) == (1e3, 2.0)
    by_hand = renp.Weak() + Contact(1e3, jnp.asarray(ROWS), 2.0)
    found = renp.spectral_function([1.0], scenario.atom, scenario.neutrinos, scenario.model)
    assert found == relative(
        renp.spectral_function([1.0], scenario.atom, scenario.neutrinos, by_hand), rel=1e-12
    )


def test_own_interaction_is_checked_like_the_others() -> None:
    (problem,) = problems(CONTACT.replace('"1 keV"', "1000"))
    assert problem.startswith("line 7, interaction[1].scale: ")
    assert "1000: must be a quantity with a unit that converts to eV" in problem


def test_kind_means_the_class_that_defines_it() -> None:
    """A subclass that inherits `kind` does not take its parent's place."""
    assert kinds()["test-contact"] is Contact


def test_own_interaction_may_take_text_and_lists() -> None:
    table = '[[interaction]]\nkind = "test-styled"\nstyle = "dotted"\nstrengths = [1, 2, 3]\n'
    _, own = Scenario.from_text(HEAD + table).model.interactions
    assert own.style == "dotted"
    assert list(own.strengths) == [1, 2, 3]


# Problems: each with its line, its key, the value and what would be right


def problem(old: str, new: str, place: str, words: str) -> Any:
    return pytest.param(old, new, place, words, id=new.replace("\n", "; ") or f"without {old}")


PROBLEMS = [
    # unknown keys and tables
    problem("confidence_level = 0.90", "cl = 0.9", "line 26, statistics.cl", "is not a known key"),
    problem(
        "volume =", "volum =", "line 7, target.volum", "did you mean volume?): must be one of density, photon"
    ),
    problem("release", "relase", "line 13, neutrinos.relase", "is not a known key (did you mean release?)"),
    problem(
        "background",
        "backgrond",
        "line 23, run[1].backgrond",
        "is not a known key (did you mean background?)",
    ),
    problem(
        "elements",
        "element",
        "line 17, interaction[1].element",
        "is not a known key (did you mean elements?)",
    ),
    problem("[statistics]", "[stats]", "line 25, stats", "is not a known key (did you mean statistics?)"),
    problem("[[run]]", "[[runn]]", "line 19, runn", "is not a known key (did you mean run?)"),
    problem("[[run]]", "[[runs]]", "line 19, runs", "must be a table, [runs]"),
    problem("[[run]]", "[run]", "line 19, run", "must be an array of tables, [[run]]"),
    problem("[[interaction]]", "[interaction]", "line 15, interaction", "must be an array of tables"),
    problem("[target]", "[[target]]", "line 4, target", "must be a table"),
    # missing keys
    problem('name = "Yb"\n', "", "line 1, atom.name", "is missing"),
    problem('lightest_mass = "0.01 eV"\n', "", "line 9, neutrinos.lightest_mass", "is missing"),
    problem('photon_energy = "1.068 eV"\n', "", "line 19, run[1].photon_energy", "is missing"),
    problem('duration = "10 day"\n', "", "line 19, run[1].duration", "is missing"),
    problem('kind = "magnetic-moment"\n', "", "line 15, interaction[1]", "kind is missing: must be one of"),
    problem('elements = { "11" = 3e-11 }\n', "", "line 15, interaction[1]", "elements is missing"),
    problem('name = "Yb"', 'name = "Me"\nE_eg = "2 eV"', "line 1, atom", "E_vg is missing"),
    # wrong types
    problem('"Yb"', "5", "line 2, atom.name", "5: must be text"),
    problem('ordering = "normal"', "ordering = 1", "line 10, neutrinos.ordering", "1: must be text"),
    problem("118", "118.5", "line 22, run[1].counts", "118.5: must be a whole number"),
    problem("118", '"118"', "line 22, run[1].counts", "'118': must be a whole number"),
    problem("118", "true", "line 22, run[1].counts", "True: must be a whole number"),
    problem("= 0.90", '= "90 %"', "line 26, statistics.confidence_level", "'90 %': must be a number"),
    problem(
        'release = "nufit-6.0"',
        'sin2_theta12 = "0.3"',
        "line 13, neutrinos.sin2_theta12",
        "'0.3': must be a number",
    ),
    problem("3e-11", '"3e-11 muB"', "line 17, interaction[1].elements", "'3e-11 muB': must be a number"),
    problem("3e-11", "true", "line 17, interaction[1].elements", "True: must be a number"),
    problem('{ "11" = 3e-11 }', "3e-11", "line 17, interaction[1].elements", "a 3×3 matrix"),
    problem('{ "11" = 3e-11 }', "[1, 2, 3]", "line 17, interaction[1].elements", "a 3×3 matrix"),
    # bare numbers and wrong units
    problem('"0.01 eV"', "0.01", "line 12, neutrinos.lightest_mass", "0.01: must be a quantity with a unit"),
    problem('"0.01 eV"', '"0.01"', "line 12, neutrinos.lightest_mass", "no unit: must be a quantity"),
    problem('"0.01 eV"', '"10 kg"', "line 12, neutrinos.lightest_mass", "'10 kg' is in kilogram: must be"),
    problem('"0.01 eV"', '"light"', "line 12, neutrinos.lightest_mass", "'light' cannot be read: must be"),
    problem('"1.068 eV"', "1.068", "line 20, run[1].photon_energy", "1.068: must be a quantity with a unit"),
    problem('"1.068 eV"', '"1.068 day"', "line 20, run[1].photon_energy", "'1.068 day' is in day: must be"),
    problem('"1.068 eV"', '"0 nm"', "line 20, run[1].photon_energy", "'0 nm' cannot be read: must be"),
    problem(
        '"10 day"', "10", "line 21, run[1].duration", "10: must be a quantity with a unit that converts to s"
    ),
    problem('"10 day"', '"10 eV"', "line 21, run[1].duration", "'10 eV' is in electron_volt: must be"),
    problem('"0.1 / day"', "0.1", "line 23, run[1].background", "0.1: must be a quantity with a unit"),
    problem('"0.1 / day"', '"0.1 day"', "line 23, run[1].background", "'0.1 day' is in day: must be"),
    problem('"100 cm^3"', '"100 cm"', "line 7, target.volume", "'100 cm' is in centimeter: must be"),
    problem('\ndensity = "1e21 / cm^3"', "\ndensity = 1e21", "line 5, target.density", "must be a quantity"),
    # impossible values
    problem('"Yb"', '"Ybb"', "line 2, atom.name", "'Ybb': must be 'Yb' or 'Xe'"),
    problem(
        'name = "Yb"',
        'name = "Me"\nE_eg = "2 eV"\nE_vg = "1 eV"',
        "line 4, atom.E_vg",
        "1.0: must be above E_eg = 2.0 eV",
    ),
    problem('"100 cm^3"', '"0 cm^3"', "line 7, target.volume", "0.0: must be a volume in cm³ above 0"),
    problem('"normal"', '"norml"', "line 10, neutrinos.ordering", "(did you mean 'normal'?)"),
    problem('"dirac"', '"Dirac"', "line 11, neutrinos.nature", "(did you mean 'dirac'?)"),
    problem(
        '"0.01 eV"', '"-0.01 eV"', "line 12, neutrinos.lightest_mass", "-0.01: must be a finite mass in eV"
    ),
    problem('"0.01 eV"', '"inf eV"', "line 12, neutrinos.lightest_mass", "'inf eV' cannot be read"),
    problem('"nufit-6.0"', '"nufit-6"', "line 13, neutrinos.release", "(did you mean 'nufit-6.0'?)"),
    problem(
        'release = "nufit-6.0"',
        'dm2_32 = "-2.5e-3 eV^2"',
        "line 13, neutrinos.dm2_32",
        "-0.0025: must be left out: normal ordering is described by dm2_31",
    ),
    problem(
        'nature = "dirac"',
        'nature = "majorana"\nmajorana_phases = ["1 rad"]',
        "line 12, neutrinos.majorana_phases",
        "must be two angles",
    ),
    problem(
        '"magnetic-moment"', '"magnetic"', "line 16, interaction[1].kind", "did you mean 'magnetic-moment'?"
    ),
    problem(
        '"11"', '"14"', "line 17, interaction[1].elements", 'element "14": must be two indices from 1 to 3'
    ),
    problem(
        '"11"', '"1"', "line 17, interaction[1].elements", 'element "1": must be two indices from 1 to 3'
    ),
    problem("3e-11", "nan", "line 17, interaction[1].elements", "nan: must be a finite number"),
    problem(
        '"11" = 3e-11', '"12" = 1, "21" = 2', "line 17, interaction[1].elements", "hermitian or antisymmetric"
    ),
    problem(
        '"dirac"',
        '"majorana"',
        "line 17, interaction[1].elements",
        "a Majorana neutrino has no diagonal element",
    ),
    problem('"1.068 eV"', '"3 eV"', "line 20, run[1].photon_energy", "3.0: must be a photon energy in eV"),
    problem('"1.068 eV"', '"-1 eV"', "line 20, run[1].photon_energy", "-1.0: must be a photon energy in eV"),
    problem('"10 day"', '"-5 s"', "line 21, run[1].duration", "-5.0: must be a time in s, at least 0"),
    problem("118", "-1", "line 22, run[1].counts", "must be a number of counts, at least 0"),
    problem(
        '"0.1 / day"', '"-2 / s"', "line 23, run[1].background", "-2.0: must be a rate in 1/s, at least 0"
    ),
    problem("0.90", "1", "line 26, statistics.confidence_level", "must be a probability above 0 and below 1"),
    problem("0.90", "90", "line 26, statistics.confidence_level", "90.0: must be a probability above 0"),
]


@pytest.mark.parametrize(("old", "new", "place", "words"), PROBLEMS)
def test_problem_names_line_key_value_and_what_is_right(old: str, new: str, place: str, words: str) -> None:
    found = dict(line.split(": ", 1) for line in problems(edited(old, new)))
    assert place in found
    assert words in found[place]


@pytest.mark.parametrize("table", ["atom", "neutrinos"])
def test_missing_table(table: str) -> None:
    text = "\n\n".join(part for part in TEXT.split("\n\n") if not part.startswith(f"[{table}]"))
    assert problems(text) == [f"{table}: the table is missing"]


def test_empty_file() -> None:
    assert problems("") == ["atom: the table is missing", "neutrinos: the table is missing"]


def test_counts_of_some_runs_only() -> None:
    second = '[[run]]\nphoton_energy = "1.069 eV"\nduration = "1 day"\n'
    assert problems(TEXT + second) == [
        "line 27, run[2]: counts is missing: give it for every run or for none"
    ]


MANY = """\
[atom]
name = "Ybb"
[target]
volume = 100
density = "1 kg"
[neutrinos]
lightest_mass = 0
ordring = "normal"
[[interaction]]
kind = "magnetic"
[[interaction]]
kind = "vector-mediator"
mass = "1 keV"
[[run]]
photon_energy = "1.068 eV"
[[run]]
photon_energy = "1.068 eV"
duration = "-1 day"
[statistics]
confidence_level = 2
[foo]
x = 1
"""


def test_all_problems_at_once_in_the_order_of_their_lines() -> None:
    assert [p.split(": ")[0] for p in problems(MANY)] == [
        "line 2, atom.name",
        "line 4, target.volume",
        "line 5, target.density",
        "line 7, neutrinos.lightest_mass",
        "line 8, neutrinos.ordring",
        "line 10, interaction[1].kind",
        "line 11, interaction[2]",
        "line 14, run[1].duration",
        "line 18, run[2].duration",
        "line 20, statistics.confidence_level",
        "line 21, foo",
    ]


@pytest.mark.parametrize(
    ("lines", "places"),
    [
        ('[target]\ndensity = "-1 / cm^3"\nvolume = "0 cm^3"', ["target.density", "target.volume"]),
        ('[target]\ndensity = "-1 / cm^3"\nvolum = "1 cm^3"', ["target.density", "target.volum"]),
        (
            '[[run]]\nphoton_energy = "-1 eV"\nduration = "-1 day"',
            ["run[1].photon_energy", "run[1].duration"],
        ),
        (
            '[[interaction]]\nkind = "vector-mediator"\nmass = "-1 eV"\nelectron = 1\nwidth = "-1 eV"',
            ["interaction[1].mass", "interaction[1].width"],
        ),
        (
            '[[interaction]]\nkind = "vector-mediator"\nmass = 1\nelectron = 1\nbases = "mass"',
            ["interaction[1].mass", "interaction[1].bases"],
        ),
    ],
    ids=["two-values", "value-and-key", "run", "mediator", "unit-and-key"],
)
def test_all_problems_of_one_table_at_once(lines: str, places: list[str]) -> None:
    found = [p.split(": ")[0].split(", ")[1] for p in problems(f"{HEAD}{lines}\n")]
    assert found == places


def test_run_of_an_unknown_atom_is_checked_too() -> None:
    text = edited('"Yb"', '"Ybb"').replace('"1.068 eV"', '"-1 eV"')
    _, found = problems(text)
    assert "-1.0: must be" in found
    assert "e+301" not in found


def test_lines_of_later_tables_of_an_array() -> None:
    second = '[[run]]\ncounts = 1\n# a comment\nphoton_energy = "1.07 eV"\nduration = 3\n'
    assert [p.split(":")[0] for p in problems(TEXT + second)] == ["line 31, run[2].duration"]


def test_lines_after_a_matrix_over_several_lines() -> None:
    lines = [
        'kind = "vector-mediator"',
        "left = [",
        *3 * ["  [0, 0, 0],"],
        "]",
        "electron = 1",
        'mass = "-1 eV"',
    ]
    text = "\n".join([HEAD + "[[interaction]]", *lines, ""])
    assert [p.split(":")[0] for p in problems(text)] == ["line 13, interaction[1].mass"]


# Files that cannot be read


def test_invalid_toml_names_the_place() -> None:
    (problem,) = problems(edited("counts = 118", "counts = "))
    assert problem.startswith("not valid TOML: ")
    assert "line 22" in problem


def test_key_given_twice() -> None:
    (problem,) = problems(edited("counts = 118", "counts = 118\ncounts = 119"))
    assert problem.startswith("not valid TOML: ")
    assert "line 23" in problem


def reading(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        Scenario.read(path)
    return str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    assert reading(path).startswith(f"{path}: 1 problem\n  cannot be read: ")
    assert "No such file" in reading(path)


def test_folder_as_file(tmp_path: Path) -> None:
    assert reading(tmp_path).startswith(f"{tmp_path}: 1 problem\n  cannot be read: ")


def test_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes('# Fläche\n[atom]\nname = "Yb"\n'.encode("latin-1"))
    assert reading(path).startswith(f"{path}: 1 problem\n  cannot be read: ")
    assert "utf-8" in reading(path)


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "byte-order-mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_files_of_several_editors(tmp_path: Path, start: str, end: str) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes((start + TEXT.replace("\n", end)).encode())
    assert eqx.tree_equal(Scenario.read(path).experiment, Scenario.from_text(TEXT).experiment)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"0.01 eV"', '"0,01 eV"'),
        ('"10 day"', '"10,5 day"'),
        ('"10 day"', '"864 000 s"'),
        ('"10 day"', '"1\'000 s"'),
        ('"10 day"', '"10 day percent"'),
        ('"10 day"', '"2 3 day"'),
        ('"1.068 eV"', '"1.068(2) eV"'),
    ],
)
def test_numbers_that_could_be_misread_are_refused(old: str, new: str) -> None:
    """A comma, a space or a bracket inside a number is neither dropped nor multiplied."""
    assert old in TEXT
    assert "cannot be read" in "".join(problems(TEXT.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"), [('"0.01 eV"', '"10 mm"'), ('"10 day"', '"0.1 eV"'), ('"10 day"', '"1157 nm"')]
)
def test_only_photons_have_wavelengths(old: str, new: str) -> None:
    assert "must be a quantity with a unit that converts to" in "".join(problems(TEXT.replace(old, new)))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1e21 / cm^3",
            "1e27 / m^3",
            "10^21 / cm^3",
            "1e21 cm^-3",
            "1e21 1/cm^3",
            "1e21 cm-3",
            "1e21 / cm3",
        ),
        *("1e21 cm⁻³", "1e21 1/cm³", "1e21 per cm^3", "1e27 m-3"),
    ],
)
def test_ways_to_write_a_density(text: str) -> None:
    scenario = Scenario.from_text(f'{HEAD}[target]\ndensity = "{text}"\n')
    assert scenario.experiment.target.density == relative(1e21, rel=1e-12)


@pytest.mark.parametrize("unit", ["eV", "eV/c^2", "eV/c2", "eV / c**2", "eV/c²", "eV/c"])
def test_ways_to_write_a_mass(unit: str) -> None:
    neutrinos = Scenario.from_text(
        HEAD.replace("0.01 eV", f"0.01 {unit}") + 'dm2_21 = "7.5e-5 eV2"\n'
    ).neutrinos
    assert (neutrinos.lightest_mass, neutrinos.dm2_21) == (0.01, 7.5e-5)


@pytest.mark.parametrize("text", ["5 %", "5%", "5 percent", "5 per cent", " 5 % "])
def test_ways_to_write_a_part(text: str) -> None:
    found = Scenario.from_text(TEXT.replace("counts = 118", f'efficiency = "{text}"'))
    assert found.experiment.efficiency.tolist() == [0.05]


@pytest.mark.parametrize(
    ("unit", "meant"), [("ev", "eV"), ("EV", "eV"), ("mev", "meV or MeV"), ("Day", "day"), ("thz", "THz")]
)
def test_units_in_other_letters_are_answered_with_the_right_ones(unit: str, meant: str) -> None:
    (found,) = problems(HEAD.replace("0.01 eV", f"0.01 {unit}"))
    assert f"(did you mean {meant}?)" in found


@pytest.mark.sampled
@pytest.mark.parametrize(
    "lines",
    [
        'duration = "1 dy"',
        'duration = "-1 day"',
        'duration = "1 day"\nx = 1',
        'duration = "10^99999999 day"',
    ],
)
def test_ten_thousand_wrong_runs_are_answered_soon(lines: str) -> None:
    text = HEAD + 10_000 * f'[[run]]\nphoton_energy = "1.068 eV"\n{lines}\n'
    begin = time.process_time()
    tomllib.loads(text)
    read = time.process_time()
    found = problems(text)
    answered = time.process_time()
    assert answered - read < 30 * (read - begin)
    assert len(found) == 201
    assert "perhaps more" in found[-1]


@pytest.mark.parametrize(
    "part", ["[" * 5000, f"x = {'9' * 5000}", f"x = {'[' * 3000}{']' * 3000}", "a" * 10**6]
)
def test_what_is_no_toml_says_where(part: str) -> None:
    (found,) = problems(f"{HEAD}{part}\n")
    assert found.startswith("not valid TOML: ")
    assert "line 5" in found or "nested too deeply" in found


def test_a_class_defined_anew_replaces_itself() -> None:
    def define() -> type[renp.Interaction]:
        class Anew(Contact):
            kind: ClassVar[str] = "test-anew"

        return Anew

    first, second = define(), define()
    assert first is not second
    assert kinds()["test-anew"] is second
    Scenario.from_text(TEXT)


# Statistics, and runs in a CSV file

WITHOUT_RUNS = TEXT[: TEXT.index("[[run]]")] + TEXT[TEXT.index("[statistics]") :]

CSV = """\
# two weeks in spring
photon_energy [eV], duration [day], counts, background [1/day]
1.068, 10, 118, 0.1
1157 , 5, 40, 0
"""


def test_statistics_say_what_is_uncertain() -> None:
    text = TEXT + (
        'oscillation = "all"\nfree = ["lightest_mass"]\nnormalisation_error = 0.05\n'
        'background_error = [0.2]\ncalibration_error = "2e-6 eV"\n'
    )
    nuisances = Scenario.from_text(text).nuisances
    expected = renp.Nuisances(
        "all", ["lightest_mass"], normalisation_error=0.05, background_error=[0.2], calibration_error=2e-6
    )
    assert nuisances == expected


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("normalisation_error = -0.1", "at least 0"),
        ('oscillation = ["sin2_theta14"]', "sin2_theta1"),
        ('free = ["mass"]', "lightest_mass"),
        ("background_error = [0.1, 0.2]", "one for each of 1 runs"),
        ('calibration_error = "1 day"', "eV"),
        ("normalization_error = 0.1", "normalisation_error"),
    ],
)
def test_wrong_statistics_are_answered(key: str, words: str) -> None:
    found = problems(TEXT + key + "\n")
    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("normalisation_error = 5", "5.0: must be relative, at most 1: 5 % is 0.05"),
        ("background_error = [0.1, 10.0]", "10.0: must be relative, at most 1: 10 % is 0.1"),
        ('background_error = "10 %"', "'10 %': must be a number without a unit or an array"),
    ],
)
def test_errors_in_percent_are_answered_in_one_line(key: str, words: str) -> None:
    (found,) = problems(TEXT + key + "\n")
    assert found.endswith(f"statistics.{key.split(' ')[0]}: {words}")


def test_all_wrong_elements_are_told() -> None:
    (found,) = problems(edited('{ "11" = 3e-11 }', '{ "14" = 3e-11, "11" = "3e-11 muB" }'))
    assert 'element "14"' in found
    assert "must be a number without a unit" in found


def test_errors_of_a_release_without_them_are_refused() -> None:
    text = TEXT.replace("nufit-6.0", "nufit-5.1") + 'oscillation = ["dm2_21"]\n'
    assert "no errors" in problems(text)[0]


def test_likelihood_has_the_couplings_of_the_file() -> None:
    text = edited('{ "11" = 3e-11 }', '{ "11" = 3e-11, "12" = "2e-11j" }') + "normalisation_error = 0.05\n"
    scenario = Scenario.from_text(text)
    likelihood = scenario.likelihood()
    assert likelihood.names == ("magnetic-moment 11", "magnetic-moment 12", "normalisation")
    expected = renp.expected_counts(scenario.experiment, scenario.neutrinos, scenario.model)
    assert likelihood.expected(scenario.truth(likelihood)) == relative(np.asarray(expected), rel=1e-12)


def test_runs_of_a_csv_file(tmp_path: Path) -> None:
    (tmp_path / "counts.csv").write_text(CSV.replace("1157 ,", "1.0716,"), encoding="utf-8")
    path = tmp_path / "a.toml"
    path.write_text(WITHOUT_RUNS + '[runs]\nfile = "counts.csv"\n', encoding="utf-8")
    runs = Scenario.read(path).experiment
    assert runs.photon_energy.tolist() == [1.068, 1.0716]
    assert runs.duration.tolist() == [10 * DAY, 5 * DAY]
    assert runs.counts.tolist() == [118, 40]
    assert runs.background == relative([0.1 / DAY, 0], rel=1e-12)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (CSV.replace("118", "11.8"), "line 3, counts = '11.8': must be a whole number"),
        (CSV.replace("1.068", "x"), "line 3, photon_energy = 'x': must be a number"),
        (CSV.replace(", 0\n", "\n"), "line 4 has 3 cells: must have 4"),
        (CSV.replace("[eV]", ""), "with a unit"),
        (CSV.replace("counts", "count"), "must be one of"),
        ("photon_energy [eV]\n1.068\n", "must have photon_energy and duration"),
        ("", "must have photon_energy and duration"),
        (CSV.replace("[day]", "[km]"), "duration"),
        (CSV.replace("[day]", "[kg]"), "'duration [kg]': '1 kg' is in kilogram"),
        (CSV.replace("photon_energy [eV]", "wavelength_nm"), "did you mean photon_energy [nm]?"),
        (CSV, "line 4, photon_energy = '1157 eV', that is 1157.0: must be"),
        (CSV, "E_vg"),
        (None, "cannot be read"),
    ],
)
def test_wrong_csv_files_are_answered(tmp_path: Path, content: str | None, words: str) -> None:
    if content is not None:
        (tmp_path / "counts.csv").write_text(content, encoding="utf-8")
    path = tmp_path / "a.toml"
    path.write_text(WITHOUT_RUNS + '[runs]\nfile = "counts.csv"\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match="runs") as caught:
        Scenario.read(path)
    assert words in str(caught.value)


def test_every_problem_of_a_csv_file_is_told_at_once(tmp_path: Path) -> None:
    rows = "photon_energy [eV], duration [day], counts\nabc, 1, 5.5\n1.068, 1, -5\n1.068, 1\n"
    (tmp_path / "counts.csv").write_text(rows, encoding="utf-8")
    found = problems(WITHOUT_RUNS + f'[runs]\nfile = "{tmp_path / "counts.csv"}"\n')
    assert len(found) == 4
    assert [words.split("csv' line ")[1][0] for words in found] == ["2", "2", "3", "4"]


def test_efficiencies_and_notes_of_a_csv_file(tmp_path: Path) -> None:
    rows = 'photon_energy [nm], duration [hour], efficiency, note\n1158,24,0.5,"laser relocked, twice"\n'
    (tmp_path / "counts.csv").write_text(rows, encoding="utf-8")
    text = WITHOUT_RUNS + f'[runs]\nfile = "{tmp_path / "counts.csv"}"\n'
    runs = Scenario.from_text(text).experiment
    assert runs.photon_energy == relative([1239.8419843320026 / 1158], rel=1e-12)
    assert np.asarray(runs.efficiency).tolist() == [0.5]


def test_runs_are_given_once(tmp_path: Path) -> None:
    (tmp_path / "counts.csv").write_text(CSV.replace("1157 ,", "1.0716,"), encoding="utf-8")
    path = tmp_path / "a.toml"
    path.write_text(TEXT + '[runs]\nfile = "counts.csv"\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match="given twice"):
        Scenario.read(path)


def test_more_background_is_what_passes_the_gate_and_an_atom_file_is_found(tmp_path: Path) -> None:
    prepared = "[target]\ndensity = '1e18 / cm^3'\n[target.preparation]\nlength = '1 cm'\n"
    gate = "repetition = '10 / s'\ncoherence = 0.1\ndephasing_time = '1 us'\n"
    gate += "polarisability = 0.01\ngate = ['0 s', '1 ms']\n"
    run = "[[run]]\nphoton_energy = '1.0 eV'\nduration = '1 day'\nbackground = '3 / s'\n"
    (tmp_path / "there").mkdir()
    (tmp_path / "mine.toml").write_text(ATOM_FILE)
    text = f"[atom]\nfile = 'mine.toml'\n{HEAD[19:]}{prepared}{gate}{run}"
    scenario = Scenario.from_text(text, str(tmp_path / "a.toml"))
    (tmp_path / "there" / "b.toml").write_text(scenario.with_background([0.002], tmp_path / "there"))
    there = Scenario.read(tmp_path / "there" / "b.toml")
    assert there.atom == scenario.atom
    assert float(there.experiment.background[0]) == relative(3 * 0.01 + 0.002, rel=1e-12)
    controlled = Scenario.from_text(f"{HEAD}{run}control_ratio = 1.0\ncontrol_counts = 5\n")
    with pytest.raises(renp.InputError, match="background = of runs with control_counts: must be left to"):
        controlled.with_background([0.1])
