"""Which file of a configuration is not there, by the words of a web server's own test, and the
files beside it that may have been it: copies of editors, packages and people. No I/O."""

import posixpath
import re
from collections.abc import Iterable

#: Caddy ("reading input file", "reading config file", `import`), HAProxy (3.0, and older ones),
#: Apache (`Include` and the main file), nginx (`include` and the main file).
_MESSAGES = (
    re.compile(r"reading (?:input|config) file: open (/[^\n:]{1,500}): no such file"),
    re.compile(r"File to import not found: (/[^\s,]{1,500})"),
    re.compile(
        r"(?:Cannot|Could not) open configuration file(?:/directory)? (/[^\n:]{1,500}?) ?"
        r": No such file"
    ),
    re.compile(r'open\(\) "(/[^"\n]{1,500})" failed \(2: '),
)
_PLAIN = re.compile(r"(?:/[\w.@+-]{1,200}){2,20}", re.ASCII)
#: What an editor, a package (dpkg(1), rpm(8)) or a person writes behind the name. The new file of a
#: package (.dpkg-dist, .rpmnew) was never the server's.
_ENDINGS = (
    *(".bak", ".backup", ".back", ".bck", ".old", ".orig", ".save", ".saved", ".copy", "~"),
    *(".disabled", ".disable", ".off", ".dpkg-old", ".dpkg-bak", ".rpmsave", ".rpmorig"),
    ".ucf-old",
)
#: Main files, which no other line names: an editor of Windows adds an ending, or writes other
#: letters.
_MAIN, _MAIN_ENDINGS = {"caddyfile", "haproxy.cfg"}, ("", ".txt", ".conf")
MAX_FILES = 2000


def missing_file(message: str) -> str:
    """Return the file of the configuration that a message says is not there; "" if it says another
    thing."""
    matches = (pattern.search(message[:5000]) for pattern in _MESSAGES)
    path = next((match[1].strip() for match in matches if match), "")
    return path if _PLAIN.fullmatch(path) else ""


def former_files(path: str, present: Iterable[str]) -> tuple[str, ...]:
    """Return those of the files in the folder of a missing one that may have been it. () if the
    file is there."""
    folder, name = posixpath.split(path)
    is_main = name.lower() in _MAIN
    wanted = {f"{name}{ending}" for ending in _ENDINGS}
    wanted |= {f"{name}{ending}".lower() for ending in _MAIN_ENDINGS if is_main}
    files = tuple(present)[:MAX_FILES]
    if path in files:
        return ()
    siblings = (file for file in files if posixpath.split(file)[0] == folder)
    return tuple(
        file
        for file in siblings
        if {posixpath.basename(file), posixpath.basename(file).lower() if is_main else ""} & wanted
        and _PLAIN.fullmatch(file.removesuffix("~"))
    )[:5]
