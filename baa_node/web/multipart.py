"""Parts of a multipart request as they come in, none of them longer than allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

__all__ = ["MultipartParseError", "Part", "Parts"]


@dataclass
class Part:
    """One part; its content is dropped once it grows beyond the limit."""

    headers: dict[str, str] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)
    too_large: bool = False

    @property
    def media_type(self) -> str:
        """Content type without parameters, lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Parts:
    """Takes a request apart while it arrives.

    Parameters
    ----------
    boundary
        Of the request's content type.
    max_part_bytes
        Longest content of a part.
    """

    def __init__(self, boundary: bytes, *, max_part_bytes: int) -> None:
        self.complete = False
        self._limit = max_part_bytes
        self._part = Part()
        self._name, self._value = bytearray(), bytearray()
        self._finished: list[Part] = []
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._keep_header,
                "on_part_data": self._keep_content,
                "on_part_end": lambda: self._finished.append(self._part),
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> Iterator[Part]:
        """Give the parts that end in this chunk.

        Raises
        ------
        MultipartParseError
            It is no multipart message.
        """
        self._parser.write(chunk)
        while self._finished:
            yield self._finished.pop(0)

    def _begin(self) -> None:
        self._part = Part()

    def _end(self) -> None:
        self.complete = True

    def _keep_header(self) -> None:
        self._part.headers[self._name.decode("latin-1").strip().lower()] = self._value.decode("latin-1").strip()
        self._name.clear()
        self._value.clear()

    def _keep_content(self, data: bytes, start: int, end: int) -> None:
        if self._part.too_large:
            return
        self._part.content += data[start:end]
        if len(self._part.content) > self._limit:
            self._part.too_large = True
            self._part.content.clear()
