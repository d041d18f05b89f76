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
#: What nginx hands PHP-FPM: fastcgi_param PHP_VALUE "memory_limit=756M" (php.net, "FPM").
_PARAMETER = lazy_pattern(
    r"[ \t]{0,200}fastcgi_param[ \t]{1,40}(?P<name>PHP_(?:ADMIN_)?VALUE)[ \t].{0,400}?"
    r"\b(?P<key>memory_limit|max_execution_time)[ \t]{0,9}=[ \t]{0,9}(?P<amount>\d{1,15})"
    r"(?P<unit>[KMGkmg]?)\b.{0,400}"
)
#: The least that big programs ask for (WordPress, Nextcloud).
_MEMORY = 256 << 20
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30}


@frozen
class PhpLimit:
    """A limit in bytes or seconds (0 is none), the number of its line, and the line."""

    key: str
    size: int
    number: int
    line: str

    @property
    def is_binding(self) -> bool:
        """Whether no other place changes the limit (php.net, "php_admin_value")."""
        return "php_admin_value" in self.line or "PHP_ADMIN_VALUE" in self.line

    def raised(self, size: str) -> str:
        """Return the line with another size ("64M") or time ("60")."""
        if self.line.lstrip().startswith("fastcgi_param"):
            pattern = rf"(\b{self.key}[ \t]*=[ \t]*)\d{{1,15}}[KMGkmg]?"
            return re.sub(pattern, rf"\g<1>{size}", self.line, count=1)
        return re.sub(r"(=[ \t]*\"?)\d{1,15}[KMGkmg]?", rf"\g<1>{size}", self.line, count=1)


def php_limits(text: str) -> dict[str, PhpLimit]:
    """Return the last line of a file for each limit."""
    limits = dict[str, PhpLimit]()
    for number, line in enumerate(text.split("\n")[:MAX_LINES], 1):
        if match := _LINE.fullmatch(line):
            size = int(match["amount"]) << _UNITS[match["unit"].lower()]
            limits[match["key"]] = PhpLimit(match["key"], size, number, line.rstrip("\r"))
    return limits


def passed_limit(line: str, number: int) -> PhpLimit | None:
    """Return the limit that a line of nginx hands on to PHP-FPM."""
    match = _PARAMETER.fullmatch(line)
    if match is None:
        return None
    size = int(match["amount"]) << _UNITS[match["unit"].lower()]
    return PhpLimit(match["key"], size, number, line.rstrip("\r"))


def raised_memory(limit: int) -> str:
    """Return what is written in the place of a limit in bytes at which PHP stopped: the next power
    of two above twice as much, or what big programs ask for."""
    return f"{max(_MEMORY, 1 << (2 * limit - 1).bit_length()) >> 20}M"
