"""A server that only listens: it writes down what psql sends, and agrees with everything."""

from __future__ import annotations

import re
import socket
import struct
import subprocess
import threading
from pathlib import Path

from support.boundaries import uncommented

_READY = b"Z" + struct.pack("!ic", 5, b"I")
_STANDARD_STRINGS = re.compile(
    r"(?:set\s+(?:session\s+)?standard_conforming_strings\s*(?:=|to)\s*'?(on|off)'?"
    r"|reset\s+standard_conforming_strings)\s*;?\s*",
    re.IGNORECASE,
)
_COPY = re.compile(r"copy\s+\w+\s*(\([^)]*\)\s*)?from\s+stdin\b", re.IGNORECASE)


def reads_data(statement: str) -> bool:
    """Whether it is a COPY for which the listener asks for data."""
    return _COPY.match(uncommented(statement)) is not None


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _parameter(name: str, value: str) -> bytes:
    return _message(b"S", f"{name}\0{value}\0".encode())


_WELCOME = b"".join(
    (
        _message(b"R", struct.pack("!i", 0)),
        _parameter("server_version", "18.0"),
        _parameter("client_encoding", "UTF8"),
        _parameter("server_encoding", "UTF8"),
        _parameter("standard_conforming_strings", "on"),
        _READY,
    )
)


class Listener:
    """Takes one connection at a time on a Unix socket, in a thread of its own."""

    def __init__(self, directory: Path, psql: Path) -> None:
        self.directory = directory
        self._psql = psql
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(directory / ".s.PGSQL.5432"))
        self._server.listen()
        self._heard: list[str] = []
        self._over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def sent_by(self, script: Path) -> list[str]:
        """The texts that ``psql -f script`` sends, one an item."""
        self._heard.clear()
        self._over.clear()
        subprocess.run(
            [self._psql, "-X", "-q", "-h", self.directory, "-U", "u", "-d", "d", "-f", script],
            env={"PGSSLMODE": "disable", "PGGSSENCMODE": "disable", "PGCLIENTENCODING": "UTF8"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=60,
        )
        assert self._over.wait(60)
        return list(self._heard)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                stream.read(struct.unpack("!i", stream.read(4))[0] - 4)
                connection.sendall(_WELCOME)
                while (kind := stream.read(1)) not in (b"", b"X"):
                    body = stream.read(struct.unpack("!i", stream.read(4))[0] - 4)
                    connection.sendall(self._answer(kind, body))
            self._over.set()

    def _answer(self, kind: bytes, body: bytes) -> bytes:
        if kind == b"Q":
            query = body[:-1].decode("utf-8", "surrogateescape")
            self._heard.append(query)
            if reads_data(query):
                self._heard[-1] = query.rstrip("; ")
                return _message(b"G", struct.pack("!bh", 0, 0))
            if match := _STANDARD_STRINGS.fullmatch(uncommented(query)):
                value = (match.group(1) or "on").lower()
                told = _parameter("standard_conforming_strings", value)
                return told + _message(b"C", b"SET\0") + _READY
            done = _message(b"C", b"OK\0") if uncommented(query) else _message(b"I", b"")
            return done + _READY
        if kind == b"d":
            self._heard[-1] += "\n" + body.decode()
            return b""
        return _message(b"C", b"COPY 0\0") + _READY if kind == b"c" else b""
