"""The version of Node.js or Java that a program needs, by its own words, and the program of that
version on this server, from the output of unit_corrections.sh. No I/O.

Sources: Node.js (process.versions.modules, "was compiled against a different Node.js version", its
table of NODE_MODULE_VERSION), the Java Virtual Machine Specification (4.1, class file versions).
"""

import re
from collections.abc import Mapping, Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

#: A mistake for a version without the syntax: "a?.b" and "await" of a module (14), "??=" (15),
#: "class { static {" (16), "..." (8). Any other token, and one in JSON, is always a mistake
#: (Node.js, "ECMAScript features", node.green).
_SYNTAX = re.compile(
    r"SyntaxError: (?:Unexpected token ['\"]?"
    r"(?:\.\.\.|\?\?=?|\|\|=|&&=|\?\.?|\*\*|[.#={*])(?=['\"\s]|$)(?![^\n]{0,200}\bJSON\b)"
    r"|Unexpected reserved word)"
)
#: The first major version of Node.js that knows all of that syntax.
_KNOWS_SYNTAX = 18
#: Words of a program that is too new for what runs it.
OLD_NODE = re.compile(
    rf"{_SYNTAX.pattern}"
    # "import x with { type: 'json' }" and "/x/v" (20)
    r"|SyntaxError: (?:Invalid regular expression flags|Unexpected token 'with')"
    r"|The module '/[^'\n]{1,300}\.node'|was compiled against a different Node"
    r"|NODE_MODULE_VERSION|\bNode(?:\.js)? version \S{0,3} ?v?\d[\d.]{0,12} is required"
    r"|The engine \"node\" is incompatible"
)
OLD_JAVA = re.compile(
    r"UnsupportedClassVersionError[^\n]{0,300}class file version (?P<version>\d{2,3})\."
)
#: The major version of Node.js of a NODE_MODULE_VERSION.
_MAJORS = {
    72: 12, 83: 14, 93: 16, 102: 17, 108: 18, 111: 19, 115: 20, 120: 21, 127: 22, 131: 23,
    137: 24, 141: 25, 147: 26,
}  # fmt: skip
_CLASS_FILES = 44
_PLAIN = lazy_pattern(r"/[A-Za-z0-9_./@+,~-]{1,300}")
_PATHS = lazy_pattern(r"/[A-Za-z0-9_./@+,~:-]{1,600}")
#: Where systemd looks for programs without PATH= of a unit (systemd.exec(5)).
_USUAL = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NODE, _JAVA = re.compile(r"/\S{0,300}/node(?:js)?"), re.compile(r"/\S{0,300}/java")


@frozen
class Runtime:
    """A program of Node.js or Java on this server, and its version."""

    version: tuple[int, ...]
    program: str

    @property
    def folder(self) -> str:
        return self.program.rpartition("/")[0]


def version_of(text: str) -> tuple[int, ...]:
    """Return the numbers of "v18.19.0", () if it is no version."""
    match = re.match(r"v?(\d{1,4}(?:\.\d{1,6}){0,3})", text)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def fitting_node(values: Mapping[str, Sequence[str]], message: str = "") -> Runtime | None:
    """Return the Node.js that fits a program: that for which its modules were compiled, else the
    default of nvm or the newest one, if it is newer than the one that runs it. None if its
    `message` is about syntax that this one knows: the source is wrong."""
    runtimes = _runtimes(values)
    now = version_of(_first(values, "now").partition(" ")[0])
    abi = _first(values, "abi")
    if abi:
        major = _MAJORS.get(int(abi)) if abi.isdigit() and len(abi) < 6 else None
        fitting = [runtime for runtime in runtimes if runtime.version[0] == major]
        return max(fitting, key=lambda each: each.version, default=None)
    if now and now[0] >= _KNOWS_SYNTAX and _SYNTAX.search(message):
        return None
    newer = [runtime for runtime in runtimes if now and runtime.version[0] > now[0]]
    default = version_of(_first(values, "default"))
    chosen = [each for each in newer if default and each.version[: len(default)] == default]
    return max(chosen or newer, key=lambda each: each.version, default=None)


def fitting_java(values: Mapping[str, Sequence[str]], message: str) -> Runtime | None:
    """Return the oldest Java that knows the class files of a program."""
    match = OLD_JAVA.search(message)
    wanted = int(match["version"]) - _CLASS_FILES if match else 0
    fitting = [runtime for runtime in _runtimes(values) if wanted and runtime.version[0] >= wanted]
    return min(fitting, key=lambda each: each.version, default=None)


def runtime_lines(runtime: Runtime, values: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the lines of a unit that let this program run the application: in its command line, or
    first in the PATH in which its command looks for it."""
    command = _first(values, "exec")
    program = command.lstrip("-@:+!|").partition(" ")[0]
    if _NODE.fullmatch(program) or _JAVA.fullmatch(program):
        if command.count(program) != 1 or len(command) > 700 or command.endswith("\\"):
            return ()
        return ("ExecStart=", f"ExecStart={command.replace(program, runtime.program)}")
    path = _first(values, "path") or _USUAL
    if not _PATHS.fullmatch(path):
        return ()
    lines = (f"Environment=PATH={runtime.folder}:{path}",)
    is_java = runtime.program.endswith("/java")
    home = runtime.folder.removesuffix("/bin")
    return (*lines, f"Environment=JAVA_HOME={home}") if is_java else lines


def _runtimes(values: Mapping[str, Sequence[str]]) -> list[Runtime]:
    runtimes = list[Runtime]()
    for text in values.get("runtime", ())[:40]:
        word, _, path = text.partition(" ")
        version = version_of(word)
        if version and _PLAIN.fullmatch(path):
            runtimes.append(Runtime(version, path))
    return runtimes


def _first(values: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(values.get(name, ())), "")
