"""The tags of an XML file, read as a stream and guarded: no document type, no endless nesting, nothing too large to be a log's."""

from __future__ import annotations

from xml.parsers import expat

from leadtime.errors import InputError
from leadtime.ingest.streams import LARGEST_PIECE, parsing_xml

__all__ = ["Tags"]

_DEEPEST = 200


class Tags:
    """Goes through a file a piece at a time; a format says what an opened and a closed tag mean to it.

    Args:
        where: the file, as errors name it.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.tags: list[str] = []  # those that are open, the outermost first
        self._quiet = 0  # bytes since the last tag

    def opened(self, tag: str, given: dict[str, str]) -> None:
        """Takes a tag, which is the last of the open ones, with its attributes."""
        raise NotImplementedError  # pragma: no cover - each format has its own

    def closed(self, tag: str) -> None:
        """Takes the end of a tag, which is still the last of the open ones."""
        raise NotImplementedError  # pragma: no cover - each format has its own

    def feed(self, content: bytes) -> None:
        """Reads a piece of the file; no content is its end."""
        self._quiet += len(content)
        with parsing_xml(self.where):
            self.parser.Parse(content, not content)
        if self._quiet > LARGEST_PIECE:
            raise InputError(
                f"{self.where} holds a single tag or text of over {LARGEST_PIECE >> 20} MB at line {self.parser.CurrentLineNumber}; "
                "no event log does, so it isn't read"
            )

    def _refuse(self, *_: object) -> None:
        raise InputError(
            f"{self.where} declares a document type, by which it could hold entities or refer to other files; "
            "no log needs one, so it isn't read: take the <!DOCTYPE …> out"
        )

    def _start(self, name: str, given: dict[str, str]) -> None:
        self._quiet = 0
        tag = name.rpartition(":")[2]
        self.tags.append(tag)
        if len(self.tags) > _DEEPEST:
            raise InputError(f"{self.where} nests tags more than {_DEEPEST} deep at line {self.parser.CurrentLineNumber}")
        self.opened(tag, given)

    def _end(self, name: str) -> None:
        self._quiet = 0
        self.closed(self.tags[-1])
        self.tags.pop()
