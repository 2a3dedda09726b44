"""Processes that read pages have equal shares of the work: Sphinx takes pages in the order of their names."""

from itertools import zip_longest
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.parallel import make_chunks


def _deal(app: Sphinx, env: BuildEnvironment, names: list[str]) -> None:
    """Deal the longest pages, then all others, to the chunks of the reading, to and fro."""
    del env
    longest = [name for name in app.config.longest_pages if name in names]
    rounds = zip_longest(*make_chunks(range(len(names)), app.parallel))
    places = [place for k, row in enumerate(rounds) for place in row[:: 1 - 2 * (k % 2)] if place is not None]
    dealt = dict(zip(places, [*longest, *(name for name in names if name not in longest)], strict=True))
    names[:] = [dealt[place] for place in sorted(dealt)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook and the list of long pages."""
    app.add_config_value("longest_pages", [], "", list)
    app.connect("env-before-read-docs", _deal)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
