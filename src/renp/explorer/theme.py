"""The colours of the page, on light and dark ground: as numbers for figures, as variables for all else."""

from dataclasses import asdict, dataclass
from html import escape


@dataclass(frozen=True)
class Look:
    """Ground, ink and faint lines of one theme."""

    name: str
    ground: str
    ink: str
    faint: str
    bar: str
    wrong: str


LOOKS = {
    "light": Look("light", "#ffffff", "#1b1e23", "#c9ced6", "#d9dde3", "#b00020"),
    "dark": Look("dark", "#16191d", "#eceff3", "#464c55", "#3a4049", "#ff8a95"),
}


def _variables(look: Look) -> str:
    colours = "".join(f"--renp-{name}:{value};" for name, value in asdict(look).items() if name != "name")
    return f":root[data-theme={look.name}] {{ color-scheme: {look.name}; {colours} }}\n"


CSS = (
    "".join(map(_variables, LOOKS.values()))
    + """
html, body { background: var(--renp-ground); color: var(--renp-ink); margin: 0; height: auto;
  font-family: system-ui, "Segoe UI", Roboto, "DejaVu Sans", Arial, sans-serif; }
*:focus-visible { outline: 2px solid #56B4E9; outline-offset: 1px; }
"""
)
"""Style sheet of the page itself."""

EARLY = """
const asked = /[?&]theme=(light|dark)/.exec(location.search)
const dark = matchMedia("(prefers-color-scheme: dark)").matches
document.documentElement.dataset.theme = asked ? asked[1] : dark ? "dark" : "light"
"""
"""Run before anything is seen, so that nothing is seen in the other theme."""

WAITING = f"""<!DOCTYPE html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>renp explorer</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>{CSS} main {{ margin: 0 18px; max-width: 46em; line-height: 1.5 }}
h1 {{ font-size: 20px; margin: 12px 0 }} h2 {{ font-size: 16px; margin-bottom: 0 }}
p {{ margin: 4px 0 10px }}</style>
<script>{EARLY}</script></head>
<body><main><h1>renp explorer</h1><p role="status"><b>The explorer is starting</b>%s; this page becomes it by
itself.</p>%s</main>
<script>
let failed = 0
if (!asked && dark)
  history.replaceState(null, "", (location.search ? location.search + "&" : "?") + "theme=dark")
const waiting = setInterval(async () => {{
  try {{
    const answer = await fetch("/ready", {{cache: "no-store"}})
    failed = 0
    if (answer.status != 204) {{ clearInterval(waiting); location.reload() }}
  }} catch {{
    if (++failed > 20) document.querySelector("[role=status]").textContent =
      "The explorer does not answer. Its terminal says why; once it runs again, so does this page."
  }}
}}, 150)
</script></body></html>"""
"""What is seen until the explorer is there, with a file's name and what to expect put in."""


def waiting(file: str, words: str) -> str:
    """Return the page that is seen until the explorer is there; words are HTML."""
    return WAITING % (f" with {escape(file)}" if file else "", words)
