"""The output of Apache's own tools: httpd -V, -t and -D DUMP_VHOSTS (httpd(8)). No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.config_error import ConfigError
from diagnose.parsers.sanitize import clean

_PLACE = re.compile(r"yntax error on line (\d{1,9}) of ([^\n:]{1,1000}):[ \t]*")
#: Where the virtual host begins of which an error is ("error log of vhost defined at A:1").
_DEFINED = re.compile(r"\bdefined at (/[^\n:]{1,1000}):(\d{1,9})")
_NOISE = re.compile(
    r"AH00558|AH00557|AH00112|The Apache error log may have|Action '|^\[[^\]]*\] \[core:warn\]"
    r"|^Syntax OK|^VirtualHost configuration"
)
_MODULE = re.compile(r"^ (\w{1,100})_module \((?:static|shared)\)", re.MULTILINE)
_HOST = re.compile(r"\((/[^\n()]{1,1000}):(\d{1,9})\)")
_MACRO_HOST = re.compile(
    r"\(macro '[^'\n]{0,200}' \(defined on line (\d{1,9}) of \"([^\"\n]{1,1000})\"\)"
    r"[^\n()]{0,1200}:(\d{1,9})\)"
)
_BUILD = re.compile(r"^ -D (HTTPD_ROOT|SERVER_CONFIG_FILE)=\"([^\"\n]{0,1000})\"", re.MULTILINE)
_VERSION = re.compile(r"^Server version: Apache/(\S{1,50})", re.MULTILINE)


@frozen
class Build:
    """How httpd was built: its version, its default ServerRoot and main file."""

    version: str
    root: str
    config: str


def parse_build(text: str) -> Build | None:
    """Parse httpd -V; None if the program is no Apache."""
    version = _VERSION.search(text)
    if version is None:
        return None
    values = dict(_BUILD.findall(text))
    root, config = values.get("HTTPD_ROOT", ""), values.get("SERVER_CONFIG_FILE", "")
    return Build(clean(version[1], 50), clean(root, 300), clean(config, 300))


def parse_test(text: str) -> tuple[ConfigError, tuple[str, ...]]:
    """Return the error in the output of httpd -t and the other lines.

    Of nested places ("Syntax error on line 225 of A: Syntax error on line 3 of B: …") the last one
    is where the mistake is. The message stands behind it, on the same line or on the next.
    """
    lines = [line for line in text.splitlines()[:200] if line.strip() and not _NOISE.search(line)]
    for number, line in enumerate(lines):
        places = list(_PLACE.finditer(line))
        if places:
            message_text = line[places[-1].end() :].strip() or "".join(
                lines[number + 1 : number + 2]
            )
            error = ConfigError(
                clean(message_text, 500), clean(places[-1][2], 300), int(places[-1][1])
            )
            return error, tuple(clean(earlier_line, 300) for earlier_line in lines[:number])
    message = re.sub(r"^\S+: (?=AH\d)", "", lines[0]) if lines else ""
    others = tuple(clean(line, 300) for line in lines[1:10])
    if place := _DEFINED.search(message):
        return ConfigError(clean(message, 500), clean(place[1], 300), int(place[2])), others
    return ConfigError(clean(message, 500)), others


def parse_dump(text: str) -> tuple[tuple[str, ...], frozenset[tuple[str, int]]]:
    """Return the loaded modules and the places of the virtual hosts, from DUMP_MODULES and
    DUMP_VHOSTS. Lines of a macro count from it, so the first is 1."""
    hosts = {(path, int(line)) for path, line in _HOST.findall(text)}
    in_macros = {(path, int(first) + int(line)) for first, path, line in _MACRO_HOST.findall(text)}
    hosts_and_macros = frozenset(hosts | in_macros)
    return tuple(dict.fromkeys(_MODULE.findall(text))), hosts_and_macros
