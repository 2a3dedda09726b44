"""The first page, and a walk through four views for who has not seen them."""

from typing import NamedTuple


class Step(NamedTuple):
    """A view, what it shows, and what to try there."""

    tab: str
    title: str
    shows: str
    tries: str


INTRODUCTION = """<p>An atom that is excited can fall back by sending out one photon and <b>two neutrinos</b>.
A laser sets the photon's energy ω; what is left goes to the neutrinos, and where it no longer suffices for
the masses of a pair, the rate drops. So the spectrum near these <b>thresholds</b> weighs the neutrinos, and
shows whether they have more than the weak interaction, a magnetic moment say. “Pair 12” is one neutrino of
the first mass and one of the second; “pair 33” two of the third.</p>"""

WALK = (
    Step(
        "spectrum",
        "Spectrum",
        "How strong the emission is at each photon energy, for your model and the standard model. Each thin "
        "line is the threshold of a pair, above which it cannot be emitted.",
        "Pull at the lightest mass: the thresholds walk to lower energies. Then press “by pair”.",
    ),
    Step(
        "counts",
        "Counts, limits",
        "Each run is some days of measuring at one photon energy. Bars are photons that the standard model "
        "expects, points those of your model; then how small a moment these runs can tell from none.",
        "Drag one of the triangles across a threshold, and see what that does to the limits.",
    ),
    Step(
        "plan",
        "Plan",
        "The photon energies, and the days at each, that are best for an aim.",
        "Press “Find the best runs”, then “Take these runs” to measure with them.",
    ),
    Step(
        "bounds",
        "Bounds",
        "What other experiments, and stars, say of the same couplings: right of the line they exclude it.",
        "Make the largest element of the moment smaller, until nothing excludes it.",
    ),
)


def first_words() -> str:
    """Return what the first page says, as HTML.

    Examples
    --------
    >>> first_words().count("<h2>")
    4
    """
    steps = "".join(
        f"<h2>{k}. {step.title}</h2><p>{step.shows}<br><i>Try:</i> {step.tries}</p>"
        for k, step in enumerate(WALK, 1)
    )
    return INTRODUCTION + steps
