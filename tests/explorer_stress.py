"""The explorer among many: sessions that work, junk, and slow clients; prints what was seen.

``python tests/explorer_stress.py [MINUTES] [SESSIONS]``, ten and twenty if left out.
"""

import asyncio
import json
import re
import socket
import statistics
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

from tornado.websocket import WebSocketClientConnection, websocket_connect

import explorer_browser
from fuzz.links import query

SLOW = 10
"""Clients of each slow kind."""

VIEWS = ("spectrum", "counts", "plan", "bounds")
"""In which curves follow a slider."""

_FLAT = 1.05
"""Most memory over least that is still called flat."""


class Seen:
    """What the clients saw."""

    def __init__(self) -> None:
        self.waits: dict[str, list[float]] = {}
        self.answers: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    @contextmanager
    def wait(self, what: str) -> Iterator[None]:
        """Note how long something took."""
        begin = time.monotonic()
        yield
        self.waits.setdefault(what, []).append(time.monotonic() - begin)


def _get(port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection("localhost", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


class _Session:
    """A page as a browser has it; of what comes only headings are read, so that clients cost little."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self.socket = socket

    async def _read(self) -> tuple[dict[str, Any], str]:
        """Return the heading and the content of the next message."""
        heading, _, content = [await self.socket.read_message() for _ in range(3)]
        if heading is None or content is None:
            raise ConnectionError("the page was closed by the server")
        found = json.loads(heading)
        for _ in range(2 * found.get("num_buffers", 0)):
            await self.socket.read_message()
        return found, str(content)

    async def _send(self, kind: str, content: dict[str, Any]) -> str:
        number = str(uuid.uuid4())
        for part in ({"msgid": number, "msgtype": kind}, {}, content):
            await self.socket.write_message(json.dumps(part))
        return number

    async def _reply(self, kind: str, content: dict[str, Any]) -> str:
        number = await self._send(kind, content)
        while True:
            heading, answer = await self._read()
            if heading.get("reqid") == number:
                return answer

    async def close(self) -> None:
        """Close the page, as a browser tells the server."""
        self.socket.close()
        while await self.socket.read_message() is not None:
            pass

    async def slider(self, title: str) -> str:
        """Return the identity of a slider."""
        await self._read()  # the greeting
        models = [json.loads(await self._reply("PULL-DOC-REQ", {}))]
        while models:
            one = models.pop()
            if isinstance(one, dict) and one.get("attributes", {}).get("title") == title:
                return str(one["id"])
            models.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        raise LookupError(title)

    async def move(self, slider: str, value: float) -> None:
        """Move a slider, and wait for the curves that follow."""
        event = {"kind": "ModelChanged", "model": {"id": slider}, "attr": "value", "new": value}
        await self._reply("PATCH-DOC", {"events": [event]})
        while "ColumnDataChanged" not in (await self._read())[1]:
            pass


async def _session(port: int, seen: Seen, stop: threading.Event, random: Random) -> None:
    """Open a page at one of its views, and move a slider every other second."""
    with seen.wait("page"):
        status, page = _get(port, f"/?tab={random.choice(VIEWS)}")
    seen.answers[f"page {status}"] += 1
    token = re.search('"token":"([^"]+)"', page)
    assert token is not None
    with seen.wait("session"):
        socket = await websocket_connect(
            f"ws://localhost:{port}/ws", subprotocols=["bokeh", token[1]], max_message_size=2**26
        )
        session = _Session(socket)
        slider = await session.slider("Lightest mass (eV)")
    for _ in range(30):
        if stop.wait(random.uniform(1, 3)):
            break
        with seen.wait("slider"):
            await asyncio.wait_for(session.move(slider, random.uniform(0, 0.08)), 60)
    await asyncio.wait_for(session.close(), 60)


def _working(port: int, seen: Seen, stop: threading.Event, number: int) -> None:
    random = Random(number)
    while not stop.is_set():
        asyncio.run(_session(port, seen, stop, random))


def _junk(port: int, seen: Seen, stop: threading.Event, number: int) -> None:
    """Ask for links with anything in them."""
    random = Random(number)
    while not stop.wait(0.5):
        link = quote(query(random), safe="?&=%")
        status, _ = _get(port, f"/{link if link.startswith('?') else f'?{link}'}"[:40_000])
        seen.answers[f"junk {status}"] += 1


def _slow(port: int, stop: threading.Event, *, reads: bool) -> None:
    """Send a letter a second, or ask for much and read nothing."""
    while not stop.is_set():
        with suppress(OSError), socket.create_connection(("localhost", port)) as one:
            if not reads:
                request = f"GET /static/js/bokeh.min.js HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"
                one.sendall(request.encode() * 20)
                stop.wait(40)
            for letter in f"GET / HTTP/1.1\r\nHost: localhost:{port}\r\nX: {'x' * 500}" * reads:
                if stop.wait(1):
                    break
                one.sendall(letter.encode())


def _memory(process: int) -> float:
    """Return the resident memory of a process, MB."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def main(minutes: float = 10, sessions: int = 20) -> bool:
    """Run all of them, print, and return whether memory was flat, others answered, and nothing failed."""
    seen, stop, memory = Seen(), threading.Event(), list[float]()
    with explorer_browser.process() as (server, url):
        port = urlsplit(url).port or 80
        while not explorer_browser.ready(url):
            time.sleep(0.1)
        works: list[tuple[Callable[..., None], tuple[Any, ...], dict[str, Any]]] = [
            *((_working, (port, seen, stop, k), {}) for k in range(sessions)),
            *((_junk, (port, seen, stop, k), {}) for k in range(2)),
            *((_slow, (port, stop), {"reads": bool(k % 2)}) for k in range(2 * SLOW)),
        ]

        def guarded(work: Callable[..., None], arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
            while not stop.is_set():
                try:
                    work(*arguments, **options)
                except Exception as error:
                    seen.failures[f"{work.__name__}: {type(error).__name__}: {error}"[:120]] += 1
                    stop.wait(1)

        before = _memory(server)
        threads = [threading.Thread(target=guarded, args=work, daemon=True) for work in works]
        for thread in threads:
            thread.start()
            time.sleep(0.2)
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            memory.append(_memory(server))
            print(f"{memory[-1]:.0f} MB", end=" ", flush=True)
            time.sleep(min(15, 15 * minutes))
        stop.set()
        for thread in threads:
            thread.join(70)
        time.sleep(60)
        memory.append(_memory(server))
    print(f"{memory[-1]:.0f} MB a minute after all have gone, {before:.0f} MB before they came\n")
    for what, waits in seen.waits.items():
        ordered = sorted(waits)
        middle, late = statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))]
        print(
            f"{what}: {len(waits)}, median {middle:.2f} s, 95 % within {late:.2f} s, all {ordered[-1]:.2f} s"
        )
    print(*(f"{what}: {count}" for what, count in sorted((seen.answers + seen.failures).items())), sep="\n")
    later = memory[len(memory) // 2 : -1]
    waits = sorted(seen.waits["slider"])
    verdict = {
        "memory was flat in the second half": max(later) < _FLAT * min(later),
        "95 % of sliders were answered within a second": waits[int(0.95 * (len(waits) - 1))] < 1,
        "nothing was a failure of the server": not any("500" in what for what in seen.answers),
    }
    print(*(f"{'yes' if true else 'NO'}: {what}" for what, true in verdict.items()), sep="\n")
    return all(verdict.values())


if __name__ == "__main__":
    given = [float(text) for text in sys.argv[1:]]
    sys.exit(not main(*given[:1], *(int(number) for number in given[1:2])))
