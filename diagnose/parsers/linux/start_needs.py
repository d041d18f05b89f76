"""What a program that could not start lacks, by its own words and the output of
unit_corrections.sh: packages of its project, what its build makes, a variable of its environment,
or the right to write a file. No I/O.

Sources: Python's ModuleNotFoundError, Node.js (lib/internal/modules), Bundler::GemNotFound,
Next.js ("Could not find a production build"), systemd.exec(5) (EnvironmentFile=).
"""

import re
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.model.services import Installer
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.linux.unit_corrections import Correction

#: "python", "node" and "gem" name a module of a package, "script" the file that Node.js should run,
#: "build" nothing, "variable" a name of the environment, "denied" a path.
LackKind = Literal["python", "node", "gem", "script", "build", "variable", "denied"]

_VARIABLE = r"(?P<name>[A-Z][A-Z0-9]{0,30}_[A-Z0-9_]{1,50})"
_PATTERNS: tuple[tuple[LackKind, re.Pattern[str]], ...] = (
    ("python", re.compile(
        r"(?:ModuleNotFoundError|ImportError): No module named ['\"]?(?P<name>\w{1,80})")),
    ("build", re.compile(
        r"Could not find a production build in the (?P<name>)|Try building your app with 'next")),
    ("node", re.compile(
        r"Cannot find (?:module|package) '(?P<name>(?:@[\w.-]{1,80}/)?[\w][\w.-]{0,80})[/']")),
    ("script", re.compile(r"Cannot find module '(?P<name>/[\w./@+-]{1,300}\.[cm]?js)'")),
    ("gem", re.compile(
        r"Could not find (?:gem ')?(?P<name>[\w.-]{1,80})[^\n]{0,120} in (?:any|locally|rubygems)"
        r"|Bundler::GemNotFound")),
    ("variable", re.compile(
        rf"\bKeyError: (?:key not found: )?['\"]{_VARIABLE}['\"]")),
    ("variable", re.compile(rf"Could not resolve placeholder '{_VARIABLE}'")),
    ("variable", re.compile(rf"\bSet the {_VARIABLE} environment variable")),
    ("variable", re.compile(rf"\b{_VARIABLE} not found\. Declare it as envvar")),
    ("variable", re.compile(
        rf"(?i:env(?:ironment)?[ _-]?var(?:iable)?s?\b)[^\n]{{0,40}}?[ '\"`:(]{_VARIABLE}\b")),
    ("variable", re.compile(
        rf"\b{_VARIABLE}['\"`]? (?:\w{{1,12}} )?(?:is|was) (?:not (?:set|defined)|missing|undefined"
        r"|required|empty|unset)")),
    ("variable", re.compile(rf"\b{_VARIABLE}['\"`]? must be (?:set|provided|defined)")),
    ("denied", re.compile(
        r"(?:EACCES: permission denied, \w{1,20}|Permission denied:|open|mkdir) '?"
        r"(?P<name>/[^\s'\":]{1,300})'?(?:$|:? ?permission denied|[\s'])")),
)  # fmt: skip

#: Names under which a package is published, where it is not that of the module (pypi.org).
_PACKAGES = {
    "yaml": ("pyyaml",), "pil": ("pillow",), "dotenv": ("python-dotenv",), "cv2": (
        "opencv-python", "opencv-python-headless"), "bs4": ("beautifulsoup4",),
    "psycopg2": ("psycopg2", "psycopg2-binary"), "mysqldb": ("mysqlclient",), "jwt": ("pyjwt",),
    "corsheaders": ("django-cors-headers",), "rest-framework": ("djangorestframework",),
    "environ": ("django-environ",), "decouple": ("python-decouple",),
    "dateutil": ("python-dateutil",), "socketio": ("python-socketio",),
    "engineio": ("python-engineio",), "sklearn": ("scikit-learn",), "crypto": ("pycryptodome",),
    "debug-toolbar": ("django-debug-toolbar",), "crispy-forms": ("django-crispy-forms",),
    "allauth": ("django-allauth",), "storages": ("django-storages",),
    "django-filters": ("django-filter",), "multipart": ("python-multipart",),
    "jose": ("python-jose",), "magic": ("python-magic",), "google": (), "attr": ("attrs",),
    "redis": ("redis",), "pymysql": ("pymysql",), "slugify": ("python-slugify",),
}  # fmt: skip

_PLAIN = lazy_pattern(r"/[A-Za-z0-9_./@+,~-]{1,300}")
_USER = lazy_pattern(r"[a-z_][a-z0-9_-]{0,31}")
#: Folders in which what is built lies.
_BUILT = re.compile(r"/(?:dist|build|out|lib|\.output|\.next)/")
_INSTALLERS: dict[str, Installer] = {
    "pip": "pip", "npm": "npm", "yarn": "yarn", "pnpm": "pnpm", "bundle": "bundle",
}  # fmt: skip


@frozen
class Lack:
    """What a line says is missing."""

    kind: LackKind
    name: str


@frozen
class Need:
    """What has to be done on the server. `installer` runs as `tool` in `folder`, as its `owner`
    with the home `home`; `file` is the list of packages or the lock. With `build` it builds the
    project. With `blocked` a path goes to the unit's user."""

    installer: Installer | None = None
    tool: str = ""
    folder: str = ""
    file: str = ""
    owner: str = ""
    home: str = ""
    with_development: bool = False
    build: bool = False
    blocked: str = ""


def lack_of(message: str) -> Lack | None:
    """Return what a program lacks, by the line that says most; None if it says something else."""
    for kind, pattern in _PATTERNS:
        if match := pattern.search(message):
            return Lack(kind, (match.groupdict().get("name") or "").rstrip("./"))
    return None


def parse_need(lack: Lack, text: str) -> Need | Correction | None:
    """Return what mends it, from the output of the script; None if that is not known, or if more
    than one thing may be meant."""
    values: dict[str, list[str]] = {}
    for line in text.split("\n")[:1000]:
        name, _, value = line.partition(" ")
        if line.startswith("="):
            values.setdefault(name[1:], []).append(value.strip())
    match lack.kind:
        case "python":
            return _python(lack.name, values)
        case "node":
            is_listed = "listed" in values
            return (
                _packages(values, "development" in values.get("listed", ())) if is_listed else None
            )
        case "build" | "script":
            return _build(lack, values)
        case "gem":
            return _packages(values, with_development=False)
        case "variable":
            file = _only(values, "file")
            return Correction("", (f"EnvironmentFile={file}",)) if file else None
        case "denied":
            return _ownership(values)


def _first(values: dict[str, list[str]], name: str) -> str:
    return next(iter(values.get(name, ())), "")


def _only(values: dict[str, list[str]], name: str) -> str:
    """Return the only path of this name, "" for several or for one that a unit reads otherwise."""
    paths = list(dict.fromkeys(values.get(name, ())))
    return paths[0] if len(paths) == 1 and _PLAIN.fullmatch(paths[0]) else ""


def _python(module: str, values: dict[str, list[str]]) -> Need | Correction | None:
    wrong, command = _first(values, "wrong"), _first(values, "exec")
    program = _only(values, "program")
    if program and _PLAIN.fullmatch(wrong) and command.count(wrong) == 1:
        line = command.replace(wrong, program)
        return Correction(f"ExecStart={wrong}", ("ExecStart=", f"ExecStart={line}"))
    if "at" in values:
        folder = _only(values, "folder")
        wrong = f"WorkingDirectory={_first(values, 'at')}"
        return Correction(wrong, (f"WorkingDirectory={folder}",)) if folder else None
    return _packages(values, with_development=False) if _is_listed(module, values) else None


def _is_listed(module: str, values: dict[str, list[str]]) -> bool:
    """Return whether the project's list has the package of a module: to install another one, by
    the name of a module, could be somebody else's package."""
    name = _normal(module)
    return bool({_normal(each) for each in values.get("listed", ())} & {
        *_PACKAGES.get(name, (name,))
    })  # fmt: skip


def _normal(name: str) -> str:
    """Return a name as packages are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _packages(values: dict[str, list[str]], with_development: bool) -> Need | None:
    tool = _only(values, "tool")
    installer = _INSTALLERS.get(tool.rpartition("/")[2])
    folder, file = _only(values, "folder"), _only(values, "file")
    lock = _first(values, "lock")
    file = file or (lock if re.fullmatch(r"[\w.-]{1,60}", lock) else "")
    owner = _first(values, "owner")
    if installer is None or not _USER.fullmatch(owner):
        return None
    if not (file if installer == "pip" else folder):
        return None
    return Need(
        installer, tool, folder, file, owner, _only(values, "home"), with_development
    )  # fmt: skip


def _build(lack: Lack, values: dict[str, list[str]]) -> Need | Correction | None:
    if lack.kind == "script":
        place, wrong, command = _only(values, "place"), lack.name, _first(values, "exec")
        if place and command.count(wrong) == 1:
            line = command.replace(wrong, place)
            return Correction(f"ExecStart={wrong}", ("ExecStart=", f"ExecStart={line}"))
        if values.get("place") or not _BUILT.search(wrong):
            return None
    need = _packages(values, with_development=True)
    is_ready = need is not None and need.installer != "bundle" and "builds" in values
    if need is None or not is_ready:
        return None
    return Need(
        need.installer, need.tool, need.folder, need.file, need.owner, need.home,
        with_development="modules" not in values, build=True,
    )  # fmt: skip


def _ownership(values: dict[str, list[str]]) -> Need | None:
    """A path goes to the unit's user if it is below the folder of the program and root's, who made
    it by hand; or in a folder of /var that has the name of the unit or of its user. What another
    user or another program has stays its own."""
    blocked, own = _only(values, "blocked"), _first(values, "at").rstrip("/")
    user, unit = _first(values, "user"), _first(values, "unit")
    holder = _first(values, "owner").partition(":")[0]
    in_own = own.count("/") > 1 and f"{blocked}/".startswith(f"{own}/")
    in_own = in_own and re.match(r"/(?:etc|usr/(?!local/)|run|boot)(?:/|$)", own) is None
    in_var = re.match(r"/var/(?:log|lib|cache|opt)/([^/]+)", blocked)
    is_own = (in_own and not own.startswith("/var/l")) or (in_var and in_var[1] in {unit, user})
    if not _USER.fullmatch(user) or user == "root" or holder != "root" or not is_own:
        return None
    return Need(blocked=blocked, owner=user)
