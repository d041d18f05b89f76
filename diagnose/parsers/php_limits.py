"""PHP's limits in its own files: php.ini, a pool of PHP-FPM, .user.ini. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Most lines of a file that are read.
MAX_LINES = 6000
_LINE = lazy_pattern(
    r"[ \t]{0,40}(?:php_(?:admin_)?value\[)?(?P<key>post_max_size|upload_max_filesize|memory_limit"
    r"|max_execution_time)\]?"
    r"[ \t]{0,40}=[ \t]{0,40}\"?(?P<amount>\d{1,15})(?P<unit>[KMGkmg]?)\"?"
    r"[ \t]{0,40}(?:;.{0,400})?\r?"
)
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30}


@frozen
class PhpLimit:
    """A limit in bytes or seconds (0 is none), the number of its line, and the line."""

    key: str
    size: int
    number: int
    line: str

    def raised(self, size: str) -> str:
        """Return the line with another size ("64M") or time ("60")."""
        return re.sub(r"(=[ \t]*\"?)\d{1,15}[KMGkmg]?", rf"\g<1>{size}", self.line, count=1)


def php_limits(text: str) -> dict[str, PhpLimit]:
    """Return the last line of a file for each limit."""
    found = dict[str, PhpLimit]()
    for number, line in enumerate(text.split("\n")[:MAX_LINES], 1):
        if match := _LINE.fullmatch(line):
            size = int(match["amount"]) << _UNITS[match["unit"].lower()]
            found[match["key"]] = PhpLimit(match["key"], size, number, line.rstrip("\r"))
    return found
