"""In a notebook: load what the browser needs, from the package's own files."""

import sys


def load_extension() -> None:
    """Load Panel into the notebook, once; nothing outside of one.

    Examples
    --------
    >>> load_extension()
    """
    shell = sys.modules.get("IPython")
    if shell is None or shell.get_ipython() is None or not hasattr(shell.get_ipython(), "kernel"):
        return
    import panel as pn

    if not getattr(pn.extension, "_loaded", False):
        pn.extension(inline=True)
