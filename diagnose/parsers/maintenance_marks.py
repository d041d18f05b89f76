"""What closes a site for maintenance, by the output of maintenance_marks.sh. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

#: The lines that close a site, as their programs write them (config.sample.php of Nextcloud,
#: configuration.php of Joomla, global.ini.php of Matomo).
_LINES = {
    "nextcloud": "'maintenance' => true,",
    "joomla": "public $offline = true;",
    "matomo": "maintenance_mode = 1",
}
_PROGRAMS = frozenset(("magento", "wordpress", "laravel", "turnout", "moodle", *_LINES))
_LINE = lazy_pattern(
    r"([a-z]{1,20}) ([A-Za-z0-9_][A-Za-z0-9_.-]{0,63}) (-?\d{1,12}) (\d{1,6}) (/[^\n]{1,1000})"
)
_WORKING = re.compile(r"working ([\w.:/ =-]{1,60})", re.ASCII)


@frozen
class Mark:
    """As `MaintenanceMark` of the observations: `line` is "" if the file alone closes the site."""

    program: str
    path: str
    owner: str
    line: str = ""
    number: int = 0
    age: int = 0


def parse_marks(text: str) -> list[Mark]:
    """Return the marks in the order of the folders; what is none is left out."""
    marks = list[Mark]()
    for each in text.split("\n")[:20]:
        match = _LINE.fullmatch(each)
        if match is None or match[1] not in _PROGRAMS or re.search(r"[\x00-\x1f\x7f]", match[5]):
            continue
        number, line = int(match[4]), _LINES.get(match[1], "")
        if bool(number) == bool(line):
            age = max(int(match[3]), 0)
            marks.append(Mark(match[1], match[5], match[2], line, number, age))
    return marks


def working_command(text: str) -> str:
    """Return the words of the command that runs now, "" for none."""
    matches = filter(None, map(_WORKING.fullmatch, text.split("\n")[:20]))
    return next((match[1] for match in matches), "")
