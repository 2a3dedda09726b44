"""Where the explorer is served: names, ports, and the answer to whether it is there."""

import socket
from ipaddress import ip_address

from tornado.web import RequestHandler

from renp.errors import InputError


def is_local(address: str) -> bool:
    """Return whether only this machine reaches an address.

    Examples
    --------
    >>> is_local("localhost"), is_local("127.0.0.1"), is_local("0.0.0.0")
    (True, True, False)
    """
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def names_of(address: str) -> list[str]:
    """Return the names under which browsers find an address, the one to be told first.

    Examples
    --------
    >>> names_of("localhost"), names_of("::1"), names_of("lab.example")
    (['localhost', '127.0.0.1'], ['[::1]', 'localhost', '127.0.0.1'], ['lab.example'])
    """
    try:
        every, name = ip_address(address).is_unspecified, f"[{address}]" if ":" in address else address
    except ValueError:
        every, name = False, address
    if every:
        host = socket.gethostname()
        known = [host, *socket.gethostbyname_ex(host)[2], "localhost", "127.0.0.1"]
    else:
        known = [name, "localhost", "127.0.0.1"] if is_local(address) else [name]
    return list(dict.fromkeys(known))


def origins_of(address: str, port: int) -> list[str]:
    """Return what browsers may call the server."""
    return [f"{name}:{port}" for name in names_of(address)]


def taken(port: int, address: str, error: OSError) -> InputError:
    """Return what to say if a port cannot be had."""
    return InputError("port", f"{port} at {address}", f"free ({error.strerror or error})")


def claimed(port: int, address: str) -> int:
    """Return the port if it is free, or any that is for 0; raise OSError otherwise."""
    if not 0 <= port <= 65535:
        raise InputError("port", port, "a port, from 0 to 65535")
    family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(place)
        return int(probe.getsockname()[1])


class Ready(RequestHandler):
    """Says 204 until the explorer is there."""

    def initialize(self, status: int) -> None:
        """Keep the status."""
        self._status = status

    def get(self) -> None:
        """Answer."""
        self.set_header("Connection", "close")
        self.set_status(self._status)
