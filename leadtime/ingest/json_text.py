"""JSON read as a stream: of a large object its members, of a large array its items, so that memory doesn't grow with the file.

Numbers keep the letters that they are written in, so that none is too large or loses a digit.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leadtime.errors import InputError, one_line
from leadtime.ingest.streams import LARGEST_PIECE, chunks

__all__ = ["Broken", "json_lines", "json_members", "text_of_value"]

# A value that is cut off at the end of what was read so far is told by an error that near to the end.
_SLACK = 16
_SPACE = " \t\n\r"


class _Whole(str):
    """A whole number as it is written."""

    __slots__ = ()


class _Fraction(str):
    """A number with a fraction or an exponent, as it is written."""

    __slots__ = ()


class Broken(str):
    """A line that can't be read as JSON, as it stands."""

    __slots__ = ()


# Not a number and infinity aren't JSON, but some programs write them where there is no value.
_DECODER = json.JSONDecoder(parse_int=_Whole, parse_float=_Fraction, parse_constant=lambda _: None)


def json_members(path: Path) -> Iterator[tuple[str, Any]]:
    """Gives the members of a file that holds one object: the name with each item of an array, or with the whole of any other value.

    Raises:
        InputError: it isn't well-formed, isn't one object, nests too deep, or has an item that is too large.
    """
    text = _Stream(path)
    if text.peek() != "{":
        raise InputError(f"'{path}' isn't a JSON object: it begins with {text.peek()!r}, not '{{'")
    text.take("{")
    while text.peek() != "}":
        name = text.value()
        if type(name) is not str:
            text.fail("a name was expected")
        text.take(":")
        if text.peek() == "[":
            for item in _items(text):
                yield name, item
        else:
            yield name, text.value()
        if text.peek() != "}":
            text.take(",")
    text.take("}")
    if text.peek():
        text.fail("something follows the end of the object")


def _items(text: _Stream) -> Iterator[Any]:
    text.take("[")
    while text.peek() != "]":
        yield text.value()
        if text.peek() != "]":
            text.take(",")
    text.take("]")


class _Stream:
    """The text of a file, read as far as it is needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._chunks = chunks(path)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._place = 0
        self._passed = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that isn't space; nothing at the end."""
        while True:
            while self._place < len(self._text) and self._text[self._place] in _SPACE:
                self._place += 1
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more(1):
                return ""

    def take(self, character: str) -> None:
        """Passes a character that must come next."""
        if self.peek() != character:
            self.fail(f"'{character}' was expected")
        self._place += 1

    def value(self) -> Any:
        """The next value, whole."""
        self.peek()
        while True:
            problem = "it ends too early"
            try:
                value, end = _DECODER.raw_decode(self._text, self._place)
                # A number may go on in what wasn't read yet.
                if end < len(self._text) or not self._more(1):
                    self._place = end
                    return value
                continue
            except json.JSONDecodeError as error:
                if error.pos < len(self._text) - _SLACK and not error.msg.startswith("Unterminated"):
                    self.fail(error.msg, error.pos)
                problem = error.msg
            except RecursionError:
                raise InputError(f"'{self._path}' nests values too deep near character {self._passed + self._place}; no log does") from None
            size = len(self._text) - self._place
            if size > LARGEST_PIECE:
                raise InputError(
                    f"'{self._path}' holds a single item of over {LARGEST_PIECE >> 20} MB from character {self._passed + self._place}; "
                    "no log does, so it isn't read"
                )
            if not self._more(max(size, 1)):
                self.fail(problem)

    def fail(self, problem: str, place: int | None = None) -> None:
        """Says that the file isn't well-formed, and where."""
        at = self._passed + (self._place if place is None else place)
        raise InputError(
            f"'{self._path}' isn't well-formed JSON at character {at}: {one_line(problem)}; it may be cut short, export it again"
        )

    def _more(self, least: int) -> bool:
        """Reads on; false at the end."""
        if self._ended:
            return False
        parts = [self._text[self._place :]]
        self._passed, self._place = self._passed + self._place, 0
        while least > 0 and not self._ended:
            content = next(self._chunks, None)
            self._ended = content is None
            parts.append(_decoded(self._decoder, content or b"", self._path, final=self._ended))
            least -= len(parts[-1])
        self._text = "".join(parts)
        return True


def _decoded(decoder: codecs.IncrementalDecoder, content: bytes, path: Path, *, final: bool) -> str:
    try:
        return decoder.decode(content, final)
    except UnicodeDecodeError:
        raise InputError(f"'{path}' isn't in UTF-8, as JSON must be; export it again, or save it as UTF-8") from None


def json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Gives each line that isn't blank with its number, as the value that it holds; `Broken` where it isn't JSON."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    number, rest = 0, ""
    for content in chunks(path):
        *lines, rest = (rest + _decoded(decoder, content, path, final=False)).split("\n")
        for line in lines:
            number += 1
            if line.strip(_SPACE):
                yield number, _line_value(line)
        if len(rest) > LARGEST_PIECE:
            raise InputError(f"'{path}' has over {LARGEST_PIECE >> 20} million characters on line {number + 1}; export a resource a line")
    rest += _decoded(decoder, b"", path, final=True)
    if rest.strip(_SPACE):
        yield number + 1, _line_value(rest)


def _line_value(line: str) -> Any:
    try:
        return _DECODER.decode(line.strip(_SPACE))
    except (json.JSONDecodeError, RecursionError):
        return Broken(whole_characters(line.strip(_SPACE)[:500]))


def text_of_value(value: Any) -> tuple[str, str | None]:
    """Gives a value's kind and its text, none where it has no value or holds others.

    >>> text_of_value(True), text_of_value("å"), text_of_value({"a": 1})
    (('boolean', 'true'), ('text', 'å'), ('nested', None))
    """
    if value is None or value == "":
        return "text", None
    if isinstance(value, bool):
        return "boolean", str(value).lower()
    if isinstance(value, (_Whole, _Fraction)):
        return ("int" if isinstance(value, _Whole) else "float"), str(value)
    return ("text", whole_characters(value)) if isinstance(value, str) else ("nested", None)


def whole_characters(text: str) -> str:
    """Gives a text whose halves of characters, which JSON can spell and no file can hold, are replaced."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
