"""A model is data: printed, compared, saved, batched."""

import pickle

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import renp
from relative import relative
from renp import (
    Anapole,
    Charge,
    ChargeRadius,
    Couplings,
    ElectricMoment,
    MagneticMoment,
    ScalarMediator,
    VectorMediator,
    Weak,
)

MODELS = [
    Weak(),
    MagneticMoment({(1, 2): 3e-11 + 1e-11j}),
    ElectricMoment(np.diag([1e-11, 2e-11, 0])),
    Charge({(2, 3): 1e-13}),
    ChargeRadius({(3, 3): 1e-32}),
    Anapole({(1, 1): 1e-32}),
    VectorMediator(10.0, 1e-10, left={(1, 2): 1e-10j}, right={(3, 3): 2.0}, basis="flavour", width=0.1),
    ScalarMediator(10.0, 1e-7, pseudoscalar={(2, 2): 1e-7}),
    Couplings(V=np.eye(3), mu=1e-17j * np.ones((3, 3))),
    Weak() + MagneticMoment({(1, 1): 1e-11}) + Charge({(1, 1): 1e-15}),
]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)


@every_model
def test_a_printed_model_is_the_code_that_makes_it(model: renp.Interaction) -> None:
    again = eval(repr(model))
    nu = renp.Neutrinos(0.01)
    found, expected = (x.couplings(nu, 0.1) for x in (again, model))
    for name in ("V", "A", "s", "p", "mu", "eps", "F", "G"):
        assert np.array_equal(np.asarray(found.get(name)), np.asarray(expected.get(name)))


@every_model
def test_a_model_is_saved_and_compared(model: renp.Interaction) -> None:
    copy = pickle.loads(pickle.dumps(model))
    assert eqx.tree_equal(copy, model)
    assert not eqx.tree_equal(model, MODELS[0] if model is not MODELS[0] else MODELS[1])


@every_model
def test_a_model_is_immutable(model: renp.Interaction) -> None:
    with pytest.raises(AttributeError):
        model.anything = 1


@pytest.mark.sampled
@every_model
def test_a_model_passes_through_transformations(model: renp.Interaction) -> None:
    yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
    expected = float(renp.spectral_function(1.05, yb, nu, model))
    batch = jax.tree.map(lambda x: jnp.stack([jnp.asarray(x)] * 2), model)
    found = jax.jit(jax.vmap(lambda m: renp.spectral_function(1.05, yb, nu, m), axis_size=2))(batch)
    assert np.asarray(found) == relative(np.array([expected, expected]), rel=1e-13)


def test_values_are_pytrees_of_numbers() -> None:
    nu, yb = renp.Neutrinos(0.01), renp.Atom.named("Yb")
    assert all(isinstance(leaf, float) for leaf in jax.tree.leaves((nu, yb)))
    assert pickle.loads(pickle.dumps((nu, yb))) == (nu, yb)
    assert renp.Neutrinos(0.01) == nu != renp.Neutrinos(0.02)


COMPLEX = {(1, 2): 3e-11 + 4e-11j, (2, 3): -2e-11, (1, 3): 1e-11j}


@pytest.mark.parametrize(
    ("model", "sizes"),
    [
        (MagneticMoment(COMPLEX), {"12": 5e-11, "23": -2e-11, "13": 1e-11}),
        (ElectricMoment({(3, 3): 2e-11, (2, 1): -4e-11j}), {"33": 2e-11, "21": 4e-11}),
        (VectorMediator(10.0, 1e-10, left={(1, 2): 1e-10j}), {"strength": 1.0}),
    ],
    ids=lambda x: type(x).__name__,
)
def test_directions_add_up_to_the_interaction(model: renp.Interaction, sizes: dict[str, float]) -> None:
    """Each is an element by itself, of size 1; a real one keeps its sign, a complex one its phase."""
    nu = renp.Neutrinos(0.01)
    directions = model.directions()
    assert {one.label: one.value for one in directions} == relative(sizes, rel=1e-15)
    total = sum((one.value * one.interaction for one in directions), renp.Couplings())
    for one in directions:
        if one.label != "strength":
            place = int(one.label[0]) - 1, int(one.label[1]) - 1
            alone = np.abs(np.asarray(one.interaction.elements))
            assert np.argwhere(alone).tolist() == [list(place)]
            assert alone[place] == relative(1.0, rel=1e-15)
    for name in ("V", "A", "mu", "eps"):
        found, expected = (np.asarray(x.couplings(nu, 0.1).get(name)) for x in (total, model))
        np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_only_interactions_add() -> None:
    with pytest.raises(TypeError):
        renp.Weak() + 1  # type: ignore[operator]


class OwnConstructor(renp.Interaction):
    """An interaction whose constructor's argument is no attribute."""

    size: float

    def __init__(self, exponent: float) -> None:
        self.size = 10.0**exponent

    def couplings(self, neutrinos: renp.Neutrinos, q2: float) -> renp.Couplings:
        return renp.Couplings(V=self.size * jnp.eye(3))


def test_a_constructor_of_another_form_prints_its_fields() -> None:
    assert repr(OwnConstructor(-1.0)) == "OwnConstructor(size=0.1)"


def test_a_strength_multiplies_from_either_side() -> None:
    yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
    once = float(renp.spectral_function(1.05, yb, nu, renp.MagneticMoment({(1, 1): 1e-11})))
    for model in (2 * renp.MagneticMoment({(1, 1): 1e-11}), renp.MagneticMoment({(1, 1): 1e-11}) * 2):
        assert float(renp.spectral_function(1.05, yb, nu, model)) == relative(4 * once, rel=1e-13)
