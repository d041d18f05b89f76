"""The first line of a script, by which the system starts its interpreter (execve(2)). No I/O."""

import re

from diagnose.parsers.sanitize import clean

_FIRST = re.compile(r"#!\s{0,20}(/[^\s\0]{1,200})")
#: By the end of a script's name.
_KINDS = {
    ".pl": "perl", ".cgi": "perl", ".py": "python3", ".sh": "sh", ".rb": "ruby", ".php": "php-cgi",
}  # fmt: skip
_FOLDERS = ("/usr/bin", "/usr/local/bin", "/bin")


def interpreter_of(text: str) -> tuple[str, bool]:
    """Return the program that the first line of a script names, "" for none, and whether that line
    ends as those of Windows do, which makes it the name of a program that is nowhere."""
    line = text[:400].partition("\n")[0]
    match = _FIRST.match(line)
    return clean(match[1], 200) if match else "", bool(match) and line.endswith("\r")


def near_interpreters(path: str, interpreter: str) -> tuple[str, ...]:
    """Return where a program may be that is not where the first line of a script says: by its name,
    without the digits of a version, and by the end of the script's name where it names none."""
    name = interpreter.rpartition("/")[2]
    kind = next((_KINDS[end] for end in _KINDS if path.lower().endswith(end)), "")
    bare = re.sub(r"[\d.]{1,20}$", "", name)
    names = [name, bare, "python3" if bare == "python" else ""] if name else [kind]
    known = [each for each in dict.fromkeys(names) if re.fullmatch(r"[\w.+-]{1,60}", each)]
    return tuple(f"{folder}/{each}" for each in known for folder in _FOLDERS)
