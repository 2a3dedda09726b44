"""Begins each notebook's kernel: what one page has compiled, others neither trace nor compile again."""

import os

__import__("renp").cache(os.environ["JAX_COMPILATION_CACHE_DIR"])
