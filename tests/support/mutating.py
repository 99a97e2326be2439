"""Bodies and envelopes with a few other bytes, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.support.parties import Letter


def mutated_body(body: bytes, draw: random.Random) -> bytes:
    """A Parquet body with other bytes in its pages, its footer or anywhere; or cut, or longer."""
    octets = bytearray(body)
    footer = len(octets) - int.from_bytes(body[-8:-4], "little") - 8
    # A footer bears one change at most before it is none any more.
    start, end, most = draw.choice(
        ((4, footer, 6), (4, 40, 2), (footer, len(octets) - 8, 1), (0, len(octets), 3))
    )
    for _ in range(draw.randint(1, most)):
        octets[draw.randrange(start, end)] = draw.choice((draw.randrange(256), 0, 0x7F, 0xFF))
    if draw.random() < 0.1:
        del octets[draw.randrange(len(octets)) :]
    if draw.random() < 0.1:
        at = draw.randrange(len(octets) or 1)
        del octets[at : at + draw.randint(1, 9)]
    if draw.random() < 0.1:
        at = draw.randrange(len(octets) + 1)
        octets[at:at] = draw.randbytes(draw.randint(1, 9))
    return bytes(octets)


def mutated_envelope(letters: Sequence[Letter], draw: random.Random) -> tuple[str, bytes]:
    """An address and an envelope that nobody sealed as it is: altered, cut, or put together."""
    letter, other = draw.sample(list(letters), 2)
    data = draw.choice((_spliced, _altered, _altered, _cut, _respelled))(letter, other, draw)
    if data == letter.data:
        data = letter.data[:-1]
    address = draw.choice((letter.address, letter.address, other.address, "0" * 64))
    return address, data


def _lines(letter: Letter) -> list[bytes]:
    return letter.data.split(b"\n", 3)


def _spliced(letter: Letter, other: Letter, draw: random.Random) -> bytes:
    """Header lines and body of two envelopes; a signature over the one does not fit the other."""
    own, foreign = _lines(letter), _lines(other)
    taken = draw.choice(([1], [2], [3], [1, 2], [2, 3], [1, 3]))
    return b"\n".join(foreign[at] if at in taken else own[at] for at in range(4))


def _altered(letter: Letter, _other: Letter, draw: random.Random) -> bytes:
    lines = [bytearray(line) for line in _lines(letter)]
    line = lines[draw.choice((0, 1, 1, 1, 2, 2, 3))]
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(line))
        line[at] = draw.choice((line[at] ^ 1 << draw.randrange(8), draw.randrange(32, 127)))
    return b"\n".join(lines)


def _cut(letter: Letter, _other: Letter, draw: random.Random) -> bytes:
    at = draw.randrange(len(letter.data))
    if draw.random() < 0.5:
        return letter.data[:at]
    return letter.data[:at] + letter.data[at + draw.randint(1, 40) :]


def _respelled(letter: Letter, _other: Letter, draw: random.Random) -> bytes:
    """Other JSON for the same values, and values that the signature does not cover."""
    lines = _lines(letter)
    change = draw.choice(
        ((b":", b": "), (b'"rows":', b'"rows":0'), (b'"part":1', b'"part":2'), (b",", b" ,"),
         (b'"last":1', b'"last":0'), (b"gm0197", b"gm0222"), (b'"delivery"', b'"tally"'))
    )  # fmt: skip
    lines[1] = lines[1].replace(*change)
    return b"\n".join(lines)
