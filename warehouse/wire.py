"""Messages between the owner of a warehouse and others that have shown that they know its token.

Neither side sends the token. Each proves that it knows it by a code (HMAC-SHA-256) over random
bytes of both, so whoever listens at the port of an owner that has died learns nothing and can
answer nothing. Until then no more is read than the bytes of the proof.
"""

from __future__ import annotations

import hmac
import secrets
import socket
import struct
from collections.abc import Sequence

#: What the owner says first.
GREETING = b"agora-warehouse-1"
#: A proof that does not come within this time is not waited for.
PROOF_S = 2.0
#: No message is larger.
MOST_BYTES = 4 << 30
MOST_PARTS = 100_000

_NONCE_BYTES = 32
_PROOF_BYTES = 32
_COUNT = struct.Struct("<I")
_LENGTH = struct.Struct("<Q")


class OwnerGone(Exception):
    """Nobody who knows the token answers, or the connection broke before the answer had come."""


class Stranger(ConnectionError):
    """The other side does not know the token."""


def welcome(connection: socket.socket, token: str) -> None:
    """Lets a client in that proves that it knows the token, and proves the same to it.

    Raises:
        Stranger: It does not.
        OSError: It says nothing, or went away.
    """
    connection.settimeout(PROOF_S)
    ours = secrets.token_bytes(_NONCE_BYTES)
    connection.sendall(GREETING + ours)
    theirs, proof = _exactly(connection, _NONCE_BYTES), _exactly(connection, _PROOF_BYTES)
    if not hmac.compare_digest(proof, _proof(token, b"client", ours, theirs)):
        raise Stranger("a client does not know the token")
    connection.sendall(_proof(token, b"owner", ours, theirs))
    connection.settimeout(None)


def introduce(connection: socket.socket, token: str) -> None:
    """Proves to an owner that the token is known here, and makes sure that it knows it too.

    Raises:
        Stranger: It does not, or is no owner of a warehouse.
        OSError: It says nothing, or went away.
    """
    connection.settimeout(PROOF_S)
    if _exactly(connection, len(GREETING)) != GREETING:
        raise Stranger("no owner of a warehouse listens there")
    theirs, ours = _exactly(connection, _NONCE_BYTES), secrets.token_bytes(_NONCE_BYTES)
    connection.sendall(ours + _proof(token, b"client", theirs, ours))
    proof = _exactly(connection, _PROOF_BYTES)
    if not hmac.compare_digest(proof, _proof(token, b"owner", theirs, ours)):
        raise Stranger("whoever listens there does not know the token")
    connection.settimeout(None)


def send(connection: socket.socket, parts: Sequence[bytes]) -> None:
    """Sends one message.

    Raises:
        OSError: The other side went away.
    """
    lengths = b"".join(_LENGTH.pack(len(part)) for part in parts)
    connection.sendall(_COUNT.pack(len(parts)) + lengths)
    for part in parts:
        connection.sendall(part)


def received(connection: socket.socket) -> list[bytes]:
    """The next message.

    Raises:
        OSError: The other side went away, or sent what is no message.
    """
    (count,) = _COUNT.unpack(_exactly(connection, _COUNT.size))
    if count > MOST_PARTS:
        raise ConnectionError(f"a message of {count} parts")
    lengths = [_LENGTH.unpack(_exactly(connection, _LENGTH.size))[0] for _ in range(count)]
    if sum(lengths) > MOST_BYTES:
        raise ConnectionError(f"a message of {sum(lengths)} bytes")
    return [_exactly(connection, length) for length in lengths]


def _proof(token: str, side: bytes, owners: bytes, clients: bytes) -> bytes:
    return hmac.digest(token.encode(), side + owners + clients, "sha256")


def _exactly(connection: socket.socket, count: int) -> bytes:
    """So many bytes; they take up memory as they come."""
    found = bytearray()
    while len(found) < count:
        piece = connection.recv(min(count - len(found), 1 << 20))
        if not piece:
            raise ConnectionError("the other side went away")
        found += piece
    return bytes(found)
