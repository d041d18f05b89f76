"""Reads a crt-list of HAProxy: each row is a certificate file, perhaps options in brackets, and the
names for which it is chosen (Configuration Manual, "crt-list"). No I/O."""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.config import Configuration, split_words
from diagnose.parsers.haproxy.sites import certificate_paths
from diagnose.parsers.hostnames import covers

#: Maximum number of rows that are read.
MAX_ROWS = 3000

_OPTIONS = re.compile(r"\[[^\[\]]*\]")


@frozen
class ListRow:
    """A row: its number from 1, the file, the names behind it, and those with "!". Without a name
    the file is for those that its certificate covers."""

    number: int
    path: str
    names: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def takes(self, name: str) -> bool | None:
        """Return whether the row gives its file to a name, None if its certificate decides."""
        if name.lower() in {excluded.lower() for excluded in self.excluded}:
            return False
        return covers(name, self.names, ()) if self.names else None


def certificate_lists(config: Configuration) -> tuple[str, ...]:
    """Return the paths of the crt-lists that the "bind" lines name."""
    paths = certificate_paths(config)
    return tuple(path for option, path in paths if option == "crt-list" and path.startswith("/"))


def rows_of(text: str) -> Iterator[ListRow]:
    """Yield the rows of a crt-list in their order."""
    for number, line in enumerate(text.split("\n")[:MAX_ROWS], 1):
        words = split_words(_OPTIONS.sub(" ", line))
        if words and words[0]:
            filters = words[1:]
            yield ListRow(
                number,
                words[0],
                tuple(word for word in filters if not word.startswith("!")),
                tuple(word[1:] for word in filters if word.startswith("!")),
            )
