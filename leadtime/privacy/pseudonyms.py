"""Keyed pseudonyms: HMAC-SHA256 of an id under a secret key, and a shift of dates drawn from the same key.

A plain hash of a personal number can be undone by trying them all; without the key this one can't. The key has at least 256 bits,
shows itself nowhere, and is never taken from an argument of a command, where other users of the machine could read it.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from leadtime.errors import InputError, UsageError

__all__ = ["PseudonymKey", "day_shift", "new_key", "pseudonyms", "read_key"]

_BITS = 256
_KINDS = 12  # fewer distinct bytes than this are a pattern, not a key drawn at random
_SHORTEST, _LONGEST = 4, 51  # base32 characters of a SHA-256, of which the last is not whole
_ADVICE = "make one with: leadtime pseudonymise … --key-file FILE --new-key"


@dataclass(frozen=True, repr=False)
class PseudonymKey:
    """A secret key; it neither shows nor pickles itself.

    Args:
        secret: the key's bytes, at least 256 bits of them.

    Raises:
        UsageError: if the key is shorter, or too regular to have been drawn at random.

    >>> PseudonymKey(bytes(range(32)))
    PseudonymKey(hidden)
    >>> PseudonymKey(b"secret")
    Traceback (most recent call last):
    ...
    leadtime.errors.UsageError: the key has about 36 bits; at least 256 are needed: make one with: ...
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.secret, bytes):
            raise UsageError(f"the key must be bytes, not {type(self.secret).__name__}; read it with leadtime.privacy.read_key")
        bits = _strength(self.secret)
        if bits < _BITS:
            raise UsageError(f"the key has about {bits} bits; at least {_BITS} are needed: {_ADVICE}")
        if len(set(self.secret)) < _KINDS:
            raise UsageError(f"the key repeats itself too much to be secret; {_ADVICE}")

    def __repr__(self) -> str:
        return "PseudonymKey(hidden)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a key can't be pickled")

    @property
    def name(self) -> str:
        """What tells this key from another without giving it away, to be written down beside the data."""
        return self.digest("name of the key", "")[:4].hex()

    def digest(self, domain: str, text: str) -> bytes:
        """Gives the HMAC-SHA256 of a text; one domain's digests tell nothing about another's."""
        message = f"{len(domain)}:{domain}:{text}".encode("utf-8", "surrogatepass")
        return hmac.digest(self.secret, message, hashlib.sha256)


def read_key(*, file: str | os.PathLike[str] | None = None, environment: str | None = None) -> PseudonymKey:
    """Reads a key from a file or from an environment variable.

    Args:
        file: a file of at least 32 random bytes, or of text that holds as much (64 hexadecimal digits, 43 of base64).
        environment: the name of a variable that holds such text.

    Raises:
        UsageError: neither or both are given, or the key is too short.
        InputError: the file can't be read or the variable isn't set.
    """
    if (file is None) == (environment is None):
        raise UsageError("give the key by a file or by the name of an environment variable, one of them")
    if environment is not None:
        value = os.environb.get(os.fsencode(environment)) if hasattr(os, "environb") else os.environ.get(environment, "").encode()
        if not value:
            raise InputError(f"the environment variable '{environment}' isn't set; put the key there, or give a key file")
        return PseudonymKey(_trimmed(value))
    path = Path(str(file))
    try:
        return PseudonymKey(_trimmed(path.read_bytes()))
    except FileNotFoundError:
        raise InputError(f"there is no key file '{path}'; {_ADVICE}") from None
    except OSError as error:
        raise InputError(f"the key file '{path}' can't be read: {error.strerror}") from None


def new_key(path: str | os.PathLike[str]) -> PseudonymKey:
    """Makes a key of 256 random bits, writes it to a new file that only its owner may read, and gives it.

    Raises:
        InputError: there is such a file already, since a lost key can't be made again, or its folder isn't there.
    """
    text = secrets.token_hex(_BITS // 8)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError(f"there is a key file '{path}' already; leave --new-key out to use it, or name another") from None
    except OSError as error:
        raise InputError(f"the key file '{path}' can't be made: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(handle)
    except OSError as error:
        with contextlib.suppress(OSError):  # half a key would later be taken for one
            os.unlink(path)
        raise InputError(f"the key file '{path}' can't be written: {error.strerror}; make room, or name another") from None
    return PseudonymKey(text.encode())


def pseudonyms(ids: Iterable[str], key: PseudonymKey, *, domain: str, length: int = 16) -> dict[str, str]:
    """Gives the pseudonym of each id: a letter of its domain and the first characters of its HMAC-SHA256 in base32.

    Args:
        ids: the ids; equal ones get the same pseudonym, in every file and in any order.
        key: the secret key.
        domain: what the ids are of (`case`, `referral`); equal ids of two domains get pseudonyms that don't resemble each other.
        length: how many characters of the HMAC are kept, 5 bits each.

    Returns:
        Id to pseudonym.

    Raises:
        UsageError: two ids would share a pseudonym (give a greater length), or the length isn't allowed.

    >>> made = pseudonyms(["child 1", "child 2"], PseudonymKey(bytes(range(32))), domain="case")
    >>> {len(name) for name in made.values()}, {name[0] for name in made.values()}
    ({17}, {'c'})
    """
    if not isinstance(length, int) or not _SHORTEST <= length <= _LONGEST:
        raise UsageError(f"length={length!r} isn't allowed; use {_SHORTEST} to {_LONGEST} characters")
    made = {text: domain[0] + base64.b32encode(key.digest(domain, text)).decode("ascii").lower()[:length] for text in dict.fromkeys(ids)}
    if len(set(made.values())) < len(made):
        raise UsageError(f"with length={length} two ids of {len(made)} share a pseudonym; use a greater length")
    return made


def day_shift(subject: str, key: PseudonymKey, *, days: int, step: int = 1) -> int:
    """Gives by how many days the dates of one person are moved: whole days, the same in every file, uniform within the bounds.

    Args:
        subject: the person or the case.
        key: the secret key.
        days: the greatest shift to either side.
        step: 7 keeps the days of the week.

    Returns:
        A multiple of `step` from -`days` to `days`.

    >>> shift = day_shift("child 1", PseudonymKey(bytes(range(32))), days=30, step=7)
    >>> shift % 7, abs(shift) <= 28
    (0, True)
    """
    if days < step:
        return 0
    most = days // step
    # 256 bits over a few choices: the remainder is uniform to within 2 to the -240th.
    return step * (int.from_bytes(key.digest("shift of dates", subject)) % (2 * most + 1) - most)


def _trimmed(content: bytes) -> bytes:
    """The key of a file: text without the line's end, bytes as they are."""
    return content.strip() if _printable(content.strip()) else content


def _printable(content: bytes) -> bool:
    return content.isascii() and content.decode("ascii").isprintable()


def _strength(secret: bytes) -> int:
    """About how many bits a key of this length and alphabet can hold: 4 a hexadecimal digit, 6 a printable character, 8 a byte."""
    if not _printable(secret):
        return 8 * len(secret)
    try:
        binascii.unhexlify(secret)
    except (binascii.Error, ValueError):
        return 6 * len(secret)
    return 4 * len(secret)
