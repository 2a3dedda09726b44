"""The documentation: `make docs` builds it, with every tutorial executed and every warning an error."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(HERE / "_build" / "jax"))
os.environ["PYTHONSTARTUP"] = str(HERE / "_ext" / "kernel.py")

import renp
from renp.inference.methods import METHODS
from renp.planning.aims import AIMS

project = "renp"
author = "The renp developers"
copyright = "the renp developers"  # noqa: A001, Sphinx's own name
version = release = renp.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_design",
    "sphinxcontrib.bibtex",
    "cyclopts.sphinx_ext",
    "mathml",
    "offline",
    "plain_docstrings",
    "shares",
]
exclude_patterns = ["_build", "_ext"]
nitpicky = True
# Types of other packages are named in signatures; their pages are elsewhere, and the build is offline.
nitpick_ignore_regex = [(r"py:.*", r"(?!renp\.).*"), (r"py:.*", r"renp\.(\w+\.)*(_\w+|[A-Z]\w*s?)")]
suppress_warnings = ["myst.header"]

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath", "substitution"]
# What is declared in the code is named in the text from there: `{{ aims }}`, `{{ methods }}`.
myst_substitutions = {
    "aims": "\n".join(f"- `{name}`: {aim.tells}" for name, aim in AIMS.items()),
    "methods": "\n".join(f"- `{name}`: {method.means}" for name, method in METHODS.items()),
}
myst_heading_anchors = 3
html_math_renderer = "mathml"

longest_pages = [
    "gallery/index",
    "tutorials/counts",
    "tutorials/limits",
    "reference/validation",
    "tutorials/mediator",
    "tutorials/nature",
    "tutorials/left-out",
    "tutorials/own-fit",
]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 240
nb_merge_streams = True
nb_output_stderr = "remove"  # progress, which differs from build to build
nb_render_markdown_format = "gfm"

bibtex_bibfiles = ["../src/renp/data/references.bib"]
bibtex_default_style = "unsrt"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_attr_annotations = False
smartquotes = False
default_role = "code"

html_theme = "pydata_sphinx_theme"
html_title = "renp"
html_static_path = ["_static"]
html_css_files = ["renp.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "renp"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "show_toc_level": 2,
}
html_sidebars = {"index": [], "gallery/index": []}
