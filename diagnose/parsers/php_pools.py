"""Where the pools of PHP-FPM listen, by their files (php.net, "php-fpm.conf", `listen`). No I/O."""

from diagnose.parsers.lazy_pattern import lazy_pattern

#: Most lines of a file that are read.
MAX_LINES = 6000
_SECTION = lazy_pattern(r"[ \t]{0,40}\[([\w.$-]{1,255})\][ \t\r]{0,40}")
_LISTEN = lazy_pattern(
    r"[ \t]{0,40}listen[ \t]{0,40}=[ \t]{0,40}\"?([^\s\";]{1,300})\"?[ \t]{0,40}(?:;.{0,400})?\r?"
)


def listens_in(text: str) -> dict[str, int]:
    """Return where the pools of a file listen, each with the number of its line. `$pool` is the
    name of the section."""
    found, pool = dict[str, int](), ""
    for number, line in enumerate(text.split("\n")[:MAX_LINES], 1):
        if section := _SECTION.fullmatch(line):
            pool = section[1]
        elif match := _LISTEN.fullmatch(line):
            found.setdefault(match[1].replace("$pool", pool), number)
    return found
