"""What an interaction has to obey: broken ones are named, by `check_interaction` and in scenario files."""

import math
from importlib import metadata
from types import SimpleNamespace
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import renp
from relative import relative
from renp.errors import InputError, ScenarioError
from renp.scenario import Scenario, interactions
from renp.validation import number

FILE = """
[atom]
name = "Yb"
[neutrinos]
lightest_mass = "0.01 eV"
nature = "{nature}"
[[interaction]]
kind = "{kind}"
strength = 0.1
{more}
"""

ELEMENTS = {(1, 1): 0.3, (1, 2): 0.1 + 0.2j, (2, 3): 0.4j}
OFF_DIAGONAL = {(1, 2): 0.1 + 0.2j, (2, 3): 0.4j}


class Own(renp.Interaction):
    """An interaction that is right, or wrong in one of many ways."""

    kind: ClassVar[str] = "test-own"

    strength: float
    mode: str = eqx.field(static=True, default="right")

    def couplings(self, neutrinos: renp.Neutrinos, q2: Any) -> Any:
        return MODES[self.mode](self.strength, q2, neutrinos.nature == "majorana")


def right(s: Any, q2: Any, majorana: bool) -> renp.Couplings:
    found = renp.Couplings(V=s * q2 * jnp.eye(3), A=s * jnp.sqrt(q2) * jnp.eye(3))
    return found.majorana() if majorana else found


MODES: dict[str, Any] = {
    "right": right,
    "nothing": lambda *_: None,
    "shape": lambda s, *_: renp.Couplings(A=s * jnp.eye(2)),
    "math": lambda s, q2, _: renp.Couplings(A=s * math.log(q2) * jnp.eye(3)),
    "numpy": lambda s, q2, _: renp.Couplings(A=s * np.sqrt(q2) * np.eye(3)),
    "branch": lambda s, q2, _: renp.Couplings(A=(s if q2 > 1 else 2 * s) * jnp.eye(3)),
    "nan": lambda s, q2, _: renp.Couplings(A=s * jnp.log(-q2) * jnp.eye(3)),
    "error": lambda *_: {}["forgotten"],
}
BROKEN = [
    ("nothing", r"Own.couplings\(...\) = None: must be renp.Couplings"),
    ("shape", r"A = an array of shape \(2, 2\): must be a 3×3 matrix"),
    ("math", "under jax.jit.*must be made of JAX expressions"),
    ("numpy", "under jax.jit.*must be made of JAX expressions"),
    ("branch", "under jax.jit.*jnp.where in place of if"),
    ("nan", r"A\[1, 1\] = \(nan.*must be finite"),
    ("error", r"Own.couplings = KeyError \('forgotten'\): must be computed without an error"),
]


@pytest.mark.parametrize(("mode", "words"), BROKEN)
def test_what_is_broken_is_named(mode: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        renp.check_interaction(Own(0.1, mode))
    with pytest.raises(ScenarioError, match=words) as caught:
        Scenario.from_text(FILE.format(kind="test-own", nature="dirac", more=f'mode = "{mode}"'))
    assert len(caught.value.problems) == 1
    assert "interaction[1]" in caught.value.problems[0]


def test_one_that_is_right_passes() -> None:
    renp.check_interaction(Own(0.1))
    Scenario.from_text(FILE.format(kind="test-own", nature="majorana", more=""))


@pytest.mark.sampled
@pytest.mark.parametrize(
    "interaction",
    [
        renp.Weak(),
        renp.MagneticMoment(ELEMENTS),
        renp.ElectricMoment(OFF_DIAGONAL),
        renp.Charge(OFF_DIAGONAL),
        renp.ChargeRadius(OFF_DIAGONAL),
        renp.Anapole(ELEMENTS),
        renp.VectorMediator(3.0, 1e-9, left=ELEMENTS, right=OFF_DIAGONAL, basis="flavour", longitudinal=True),
        renp.ScalarMediator(3.0, 1e-9, scalar=ELEMENTS, pseudoscalar=OFF_DIAGONAL, basis="flavour"),
        renp.Weak() + 2.0 * renp.MagneticMoment({(1, 2): 1.0}),
    ],
    ids=lambda interaction: type(interaction).__name__,
)
def test_those_of_the_package_pass(interaction: renp.Interaction) -> None:
    renp.check_interaction(interaction)


class OfPhases(renp.Interaction):
    """Right for real mixing, and for Dirac neutrinos: it forgets what a Majorana phase changes."""

    strength: float

    def couplings(self, neutrinos: renp.Neutrinos, q2: Any) -> renp.Couplings:
        first, _ = neutrinos.majorana_phases
        return renp.Couplings(V=self.strength * jnp.sin(jnp.asarray(first)) * jnp.eye(3))


def test_an_interaction_is_tried_with_majorana_phases() -> None:
    with pytest.raises(InputError, match=r"V\[1, 1\] of OfPhases = .* must be 0 for Majorana"):
        renp.check_interaction(OfPhases(0.1))


def test_a_width_is_no_hermitian_lagrangian() -> None:
    wide = renp.VectorMediator(3.0, 1e-9, left=ELEMENTS, width=0.1)
    renp.check_interaction(wide, hermitian=False)
    with pytest.raises(InputError, match="V of a hermitian Lagrangian is hermitian"):
        renp.check_interaction(wide)


@pytest.mark.parametrize(
    ("coupling", "value"), [("V", 1j), ("A", 1j), ("s", 1.0), ("p", 1j), ("mu", 1j), ("eps", 1.0), ("F", 1j)]
)
def test_the_wrong_phase_is_found(coupling: str, value: complex) -> None:
    matrix = value * np.diag([1.0, 2.0, 0.0])

    class Phase(renp.Interaction):
        def couplings(self, neutrinos: renp.Neutrinos, q2: Any) -> renp.Couplings:
            found = renp.Couplings(**{coupling: matrix})
            return found.majorana() if neutrinos.nature == "majorana" else found

    with pytest.raises(InputError, match=rf"{coupling}\[2, 2\] of Phase = .*hermitian Lagrangian"):
        renp.check_interaction(Phase())
    renp.check_interaction(Phase(), hermitian=False)


MAJORANA = renp.Neutrinos(0.01, nature="majorana")


class Forgetful(renp.Interaction):
    """Without the Majorana form."""

    kind: ClassVar[str] = "test-forgetful"
    strength: float

    def couplings(self, neutrinos: renp.Neutrinos, q2: Any) -> renp.Couplings:
        return renp.Couplings(
            V=self.strength * jnp.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
        )


@pytest.mark.parametrize(
    "use",
    [
        lambda: renp.spectral_function(
            1.05, renp.Atom.named("Yb"), MAJORANA, renp.Weak() + 2 * Forgetful(0.1)
        ),
        lambda: renp.spectral_function(
            1.05, renp.Atom.named("Yb"), MAJORANA, renp.Couplings(V=np.diag([0, 0, 0.2]))
        ),
        lambda: renp.check_interaction(Forgetful(0.1)),
        lambda: Scenario.from_text(FILE.format(kind="test-forgetful", nature="majorana", more="")),
    ],
)
def test_couplings_without_the_majorana_form_are_an_error(use: Any) -> None:
    with pytest.raises(ValueError, match=r"V\[3, 3\] of .* 0.2: must be 0 for Majorana neutrinos"):
        use()


def test_the_same_couplings_of_dirac_neutrinos_are_none() -> None:
    assert renp.spectral_function(1.05, renp.Atom.named("Yb"), renp.Neutrinos(0.01), Forgetful(0.1)) > 0


class Undeclared(renp.Interaction):
    """Its field is not declared."""

    kind: ClassVar[str] = "test-undeclared"

    def __init__(self, strength: Any) -> None:
        self.strength = number("strength", strength, "a finite number")

    def couplings(self, neutrinos: renp.Neutrinos, q2: Any) -> renp.Couplings:
        return renp.Couplings()


def test_a_field_that_is_not_declared_is_explained() -> None:
    with pytest.raises(ScenarioError, match="has to be declared as a field of the class"):
        Scenario.from_text(FILE.format(kind="test-undeclared", nature="dirac", more=""))


class Converted(renp.Interaction):
    """Its constructor cannot be traced."""

    strength: float

    def __init__(self, strength: Any) -> None:
        self.strength = float(strength)

    def couplings(self, neutrinos: renp.Neutrinos, q2: Any) -> renp.Couplings:
        return renp.Couplings(A=self.strength * jnp.eye(3))


def test_a_constructor_that_cannot_be_traced_is_named() -> None:
    with pytest.raises(InputError, match=r"Converted\(...\) under jax.jit.*renp.validation.number"):
        renp.check_interaction(Converted(0.1))


@pytest.fixture
def _broken_package(monkeypatch: pytest.MonkeyPatch) -> None:
    point = metadata.EntryPoint("mine", "renp_has_no_such_module", "renp.interactions")
    vars(point).update(dist=SimpleNamespace(name="my-package"))
    monkeypatch.setattr(interactions, "entry_points", lambda **_: [point])


@pytest.mark.usefixtures("_broken_package")
def test_a_package_that_cannot_be_imported_disturbs_only_who_needs_it() -> None:
    Scenario.from_text(FILE.format(kind="test-own", nature="dirac", more=""))
    words = "my-package announces renp_has_no_such_module, which cannot be imported"
    with pytest.raises(ScenarioError, match=words):
        Scenario.from_text(FILE.format(kind="of-my-package", nature="dirac", more=""))


VECTOR = """
[atom]
name = "Yb"
[neutrinos]
lightest_mass = "0.01 eV"
[[interaction]]
kind = "vector-mediator"
mass = "1 keV"
electron = 1e-8
left = {left}
[[run]]
photon_energy = "1.068 eV"
duration = "1 day"
{more}
"""


@pytest.mark.parametrize(
    ("left", "more", "words"),
    [
        ("1e-9", "", r"in a file \{ \"12\" = value \}"),
        ('{ "ee" = 1e-9 }', "", "two indices from 1 to 3.*they are e, μ, τ"),
        (
            '{ "11" = 1e-9 }',
            '[scan]\nresult = "counts"\n[[scan.axis]]\nparameter = "interaction[0].mass"\nvalues = ["1 eV"]',
            "counted from 1",
        ),
    ],
)
def test_what_builders_of_models_get_wrong(left: str, more: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        Scenario.from_text(VECTOR.format(left=left, more=more))


def test_couplings_take_elements() -> None:
    text = VECTOR.format(
        left='{ "11" = 1e-9 }', more='[[interaction]]\nkind = "couplings"\nV = { "12" = 0.1 }'
    )
    _, _, own = Scenario.from_text(text).model.interactions  # type: ignore[attr-defined]
    assert own.V[0, 1] == 0.1
    assert own.V[1, 0] == 0
    with pytest.raises(InputError, match=r"V element = \(0, 1\): must be a pair"):
        renp.Couplings(V={(0, 1): 1.0})


def test_own_models_of_majorana_neutrinos_can_be_compiled_by_the_caller() -> None:
    yb = renp.Atom.named("Yb")
    for own in (Own(0.1), renp.Couplings(A=np.eye(3))):
        model = renp.Weak() + 2.0 * own

        def spectrum(omega: Any, model: renp.Interaction = model) -> Any:
            return renp.spectral_function(omega, yb, MAJORANA, model)

        assert float(jax.jit(spectrum)(1.05)) == relative(float(spectrum(1.05)), rel=1e-12)


class Worded(renp.Interaction):
    """Its text is not declared as static, so that it cannot be compiled."""

    kind: ClassVar[str] = "test-worded"
    strength: float
    word: str = "text"

    def couplings(self, neutrinos: renp.Neutrinos, q2: Any) -> renp.Couplings:
        return renp.Couplings(A=self.strength * jnp.eye(3))


def test_text_that_is_not_static_is_named() -> None:
    words = r"Worded.word = 'text': must be numbers.*equinox.field\(static=True\)"
    with pytest.raises(InputError, match=words):
        renp.check_interaction(Worded(0.1))
    with pytest.raises(ScenarioError, match=words):
        Scenario.from_text(FILE.format(kind="test-worded", nature="dirac", more=""))
