"""Links to the explorer with anything in any place."""

from collections.abc import Callable
from random import Random
from urllib.parse import quote

from fuzz.scenario_files import LETTERS
from renp.explorer.exchange import LINKED, from_text, to_query
from renp.explorer.server import linked_state
from renp.explorer.state import State

VALUES = (
    *(
        "nan",
        "Infinity",
        "-1",
        "0",
        "1e400",
        "null",
        "true",
        "[]",
        "{}",
        "[[]]",
        "x",
        "",
        '""',
        "9" * 400,
        "9" * 5000,
    ),
    *("[" * 2000, "[" * 900 + "]" * 900, '{"11":1}', '[{"kind":"magnetic-moment","elements":{"11":1e999}}]'),
    *(
        '[{"kind":"vector-mediator","mass":"10^99999999 eV","electron":1}]',
        "[[1.068],[1.069]]",
        "[[1.068,1e99]]",
    ),
    *(
        '[{"photon_energy":1.0,"duration":"1 day"}]',
        '{"density":"10^99999999 / cm^3"}',
        "[1.06,1.07]",
        "[2,1]",
    ),
    *(
        '[{"kind":[]}]',
        '[{"kind":"couplings","V":[[1,2,3],[1]]}]',
        "Yb",
        "../x",
        "\0",
        "é",
        '{"file":"/etc/passwd"}',
    ),
    *(
        '["spin"]',
        '"full"',
        '["spin","spin",1]',
        "majorana",
        "inverted",
        "dark",
        "plan",
        "2e308",
        "-0.0",
        "5e-324",
    ),
)


def query(random: Random) -> str:
    """Return the part of a link behind the question mark."""
    keys = random.choices((*LINKED, "oscillation", "theme", "x", "", "file"), k=random.choice((1, 1, 2, 4)))
    parts = ["lightest_mass=0.02", *(f"{key}={quote(random.choice(VALUES))}" for key in keys)]
    text = "&".join(random.sample(parts, len(parts)))
    if random.random() < 0.3:
        k = random.randrange(len(text) + 1)
        text = text[:k] + random.choice(LETTERS + "%&;=") + text[k + random.randrange(3) :]
    return random.choice(("?", "", "??")) + text


def case(random: Random) -> tuple[str, Callable[[], bool]]:
    """Return a link, and what makes a state of it, and a link, and a file of that."""
    link = query(random)

    def read() -> bool:
        state, wrong = linked_state(link, State())
        assert wrong or linked_state(f"?{to_query(state)}", State()) == (state, "")
        if not wrong:
            from renp.scenario.write import to_text

            assert from_text(to_text(state.scenario)) is not None
        return not wrong

    return link, read
