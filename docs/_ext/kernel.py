"""Begins each notebook's kernel: what one page has compiled, others neither trace nor compile again.

No name stays behind: a page that forgets an import would not be noticed.
"""

__import__("renp").cache(__import__("os").environ["JAX_COMPILATION_CACHE_DIR"])
