"""What the program behind a site lacks, by its own words and the output of unit_corrections.sh,
where it runs and answers with an error, or where pm2 or supervisor starts it: besides packages and
a build (`diagnose.parsers.linux.start_needs`) its key, its tables, its settings. No I/O.

Sources: Laravel (MissingAppKeyException, ViteManifestNotFoundException, "migrate"), Django
("migrate"), Rails ("secret_key_base", ActiveRecord), PHP's `require`, .NET ("DOTNET_SYSTEM_
GLOBALIZATION_INVARIANT"), SQLite (result codes SQLITE_READONLY, SQLITE_CANTOPEN), supervisord's
"[program:x]" sections.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.model.services import Installer
from diagnose.parsers.linux.start_needs import Lack, Need, lack_of, parse_need
from diagnose.parsers.linux.unit_corrections import Correction
from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import may_hold_secret

#: "key" is Laravel's, "secret" that of Rails; "assets" names the list of what a build makes,
#: "vendor" a file of Composer's packages, "table" nothing; "relative" a file without its folder,
#: "sqlite" nothing, "module" a path in place of a module of Python, "icu" nothing, "redis" nothing:
#: the password of Redis. "env" names nothing: a database that is not reached or refuses may be the
#: default of a program that did not read .env.
ProgramLackKind = Literal[
    "key", "secret", "assets", "vendor", "table", "relative", "sqlite", "module", "icu", "redis",
    "env",
]  # fmt: skip

_PATTERNS: tuple[tuple[ProgramLackKind, re.Pattern[str]], ...] = (
    ("key", re.compile(r"No application encryption key has been specified")),
    ("secret", re.compile(
        r"Missing `?secret_key_base`? for 'production' environment"
        r"|`secret_key_base` for production environment must be a type of String")),
    ("assets", re.compile(
        r"(?:Vite|Mix) manifest (?:not found at|does not exist at): "
        r"(?P<name>/[\w./@+ -]{1,280}/(?:mix-)?manifest\.json)")),
    ("vendor", re.compile(
        r"(?:Failed opening required|require(?:_once)?\()\s?'?(?P<name>/[\w./@+-]{1,280}"
        r"/vendor/autoload\.php)'?")),
    ("table", re.compile(
        r"no such (?:table|column): |relation \"[\w.]{1,80}\" does not exist"
        r"|Base table or view not found|Table '[\w.]{1,120}' doesn't exist"
        r"|column \"?[\w.]{1,80}\"? (?:of relation \"\w{1,80}\" )?does not exist|Unknown column '"
        r"|Migrations are pending|PendingMigrationError")),
    ("sqlite", re.compile(
        r"attempt to write a readonly database|unable to open database file")),
    ("module", re.compile(
        r"ModuleNotFoundError: No module named '(?P<name>/[\w./-]{1,200})'"
        r"|ImportError: No module named '?(?P<other>/[\w./-]{1,200})")),
    ("icu", re.compile(r"Couldn't find a valid ICU package installed")),
    ("redis", re.compile(r"\bNOAUTH (?:HELLO|Authentication required)")),
    ("relative", re.compile(
        r"(?:\bopen |\bstat |directory: '|directory, open ')"
        r"(?P<name>(?!\.\.)(?:\./)?[\w-][\w./-]{0,100}"
        r"\.(?:ya?ml|toml|json|ini|conf|cfg|env|properties))'?(?:$|: no such file|')")),
    ("env", re.compile(
        r"Temporary failure in name resolution|Name or service not known|no such host\b"
        r"|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)|password authentication failed for user"
        r"|Access denied for user '")),
)  # fmt: skip

_PLAIN = re.compile(r"/[A-Za-z0-9_./@+,~-]{1,300}")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_RUNNERS: dict[str, Installer] = {"artisan": "artisan", "django": "django", "rails": "rails"}
#: Longest line of a file that an edit shows.
_MAX_LINE = 400


@frozen
class SettingEdit:
    """A line of the file that starts a program, as it is and as it should be."""

    file: str
    number: int
    line: str
    new: str


@frozen
class VariableFile:
    """A file of this server that has a variable which the program lacks."""

    file: str
    name: str


@frozen
class PasswordFile:
    """The configuration that asks for a password, the variable in which the program has it, and a
    new file for that, which the unit of the program reads."""

    source: str
    name: str
    file: str


#: What mends it: commands in a project, lines of a unit, a line of another file, or a variable.
ProgramNeed = Need | Correction | SettingEdit | VariableFile | PasswordFile


def program_lack_of(message: str) -> tuple[str, str] | None:
    """Return the kind of what a program lacks and what its line names ("" for nothing)."""
    program_lack: tuple[str, str] | None = None
    for kind, pattern in _PATTERNS:
        if match := pattern.search(message):
            names = match.groupdict()
            program_lack = kind, (names.get("name") or names.get("other") or "").strip()
            break
    if program_lack is None or program_lack[0] == "env":
        lack = lack_of(message)
        return (lack.kind, lack.name) if lack else program_lack
    return program_lack


def parse_program_need(kind: str, name: str, text: str) -> ProgramNeed | None:
    """Return what mends it, from the output of the script; None if that is not known, or if more
    than one thing may be meant."""
    values: dict[str, list[str]] = {}
    for line in text.split("\n")[:1000]:
        word, _, value = line.partition(" ")
        if line.startswith("="):
            values.setdefault(word[1:], []).append(value.strip())
    manager = _first(values, "manager") or "systemd"
    match kind:
        case "key" | "table" | "vendor":
            return _in_project(values)
        case "assets":
            return _as_build(text)
        case "icu":
            line = "Environment=DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1"
            return Correction("", (line,)) if manager == "systemd" else None
        case "env":
            file = _only(values, "file")
            is_unit = manager == "systemd" and file
            return Correction("", (f"EnvironmentFile={file}",)) if is_unit else None
        case "redis":
            return _password(values) if manager == "systemd" else None
        case "secret":
            return _secret(values) if manager == "systemd" else None
        case "sqlite":
            return _database(values)
        case "relative":
            return _folder(values, manager)
        case "module":
            return _module(name, values)
        case "variable":
            return _variable(name, text, values, manager)
        case _:
            return _old(kind, name, text, values, manager)


def _old(
    kind: str, name: str, text: str, values: Mapping[str, Sequence[str]], manager: str
) -> ProgramNeed | None:
    """What a service that could not start may lack too. Lines of a unit mend only what it
    starts."""
    if kind == "python" and (edit := _other_project(name, values)):
        return edit
    need = parse_need(Lack(kind, name), text)  # type: ignore[arg-type]
    return need if isinstance(need, Need) or manager == "systemd" else None


def _first(values: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(values.get(name, ())), "")


def _only(values: Mapping[str, Sequence[str]], name: str) -> str:
    """Return the only plain path of this name, "" for several."""
    paths = list(dict.fromkeys(values.get(name, ())))
    return paths[0] if len(paths) == 1 and _PLAIN.fullmatch(paths[0]) else ""


def _in_project(values: Mapping[str, Sequence[str]]) -> Need | None:
    """The program's own command line, or Composer, in its folder, as the folder's owner."""
    folder, tool, owner = _only(values, "folder"), _only(values, "tool"), _first(values, "owner")
    runner = _RUNNERS.get(_first(values, "runs")) or (
        "composer" if tool.endswith("/composer") else None
    )
    if runner is None or not folder or not tool or not _USER.fullmatch(owner):
        return None
    return Need(runner, tool, folder, "", owner, _only(values, "home"))


def _as_build(text: str) -> ProgramNeed | None:
    return parse_need(Lack("build", ""), text)


def _secret(values: Mapping[str, Sequence[str]]) -> Correction | None:
    file = _only(values, "secretfile")
    return Correction("", (f"EnvironmentFile={file}",)) if file else None


def _password(values: Mapping[str, Sequence[str]]) -> PasswordFile | None:
    """Redis asks for the password of its configuration (redis.conf, "requirepass"), and the source
    of the program names one variable for it."""
    names = list(dict.fromkeys(values.get("key", ())))
    source, file = _only(values, "conf"), _only(values, "secretfile")
    is_name = len(names) == 1 and re.fullmatch(r"[A-Z][A-Z0-9_]{3,60}", names[0])
    return PasswordFile(source, names[0], file) if is_name and source and file else None


def _database(values: Mapping[str, Sequence[str]]) -> Need | None:
    """SQLite writes beside its file, too: the folder and the file go to the program's user, if
    they are root's or that user's already. What is another one's stays so."""
    file, user = _only(values, "database"), _first(values, "user")
    holders = set(values.get("holder", ()))
    if not file or not _USER.fullmatch(user) or user == "root":
        return None
    if not holders or not holders <= {"root", user}:
        return None
    return Need(folder=file.rpartition("/")[0], file=file, owner=user, blocked=file)


def _folder(values: Mapping[str, Sequence[str]], manager: str) -> ProgramNeed | None:
    folder = _only(values, "folder")
    if not folder:
        return None
    if manager == "supervisor":
        return _section_line(values, "directory", folder)
    at = _first(values, "at")
    wrong = f"WorkingDirectory={at}" if at else ""
    line = f"WorkingDirectory={folder}"
    return Correction(wrong, (line,)) if manager == "systemd" else None


def _module(path: str, values: Mapping[str, Sequence[str]]) -> ProgramNeed | None:
    """A server of Python takes a module's name, and looks for it in its folder (gunicorn(1),
    "--chdir")."""
    command = _first(values, "exec")
    folder, _, module = path.rpartition("/")
    wanted = re.compile(rf"(?<!\S){re.escape(path)}:")
    if len(wanted.findall(command)) != 1 or not folder or not module.isidentifier():
        return None
    new = wanted.sub(f"--chdir {folder} {module}:", command)
    return _command_line(values, command, new)


def _other_project(module: str, values: Mapping[str, Sequence[str]]) -> ProgramNeed | None:
    """The setting names the module of another project, and the folder has one alone."""
    project, place = _first(values, "project"), _first(values, "setting")
    if not project.isidentifier() or project == module:
        return None
    if place:
        file, number, line = _place(place)
        return _edit(file, number, line, line.replace(f"{module}.", f"{project}.", 1))
    command = _first(values, "exec")
    pattern = re.compile(rf"(?<!\S){re.escape(module)}\.(?=\w)")
    if len(pattern.findall(command)) != 1:
        return None
    return _command_line(values, command, pattern.sub(f"{project}.", command))


def _command_line(
    values: Mapping[str, Sequence[str]], command: str, new: str
) -> ProgramNeed | None:
    """Return the change of the line that starts the program."""
    if may_hold_secret(new) or clean(new, 900) != new:
        return None
    match _first(values, "manager"):
        case "systemd":
            return Correction("", ("ExecStart=", f"ExecStart={new}"))
        case "supervisor":
            return _section_line(values, "command", new, command)
    return None


def _section_line(
    values: Mapping[str, Sequence[str]], name: str, value: str, old: str = ""
) -> SettingEdit | None:
    """Return the edit of a program's section in supervisord's configuration: the line of this name,
    or a new one below the header."""
    for place in values.get("section", ()):
        file, number, line = _place(place)
        key = line.partition("=")[0].strip()
        if key == name:
            new = line.replace(old, value, 1) if old else f"{name}={value}"
            return _edit(file, number, line, new)
    place = _first(values, "section")
    file, number, line = _place(place)
    return _edit(file, number, line, f"{line}\n{name}={value}")


def _place(text: str) -> tuple[str, str, str]:
    """Return the file, the number and the text of a line, as grep(1) prints it with -n."""
    file, number, line = [*text.split(":", 2), "", ""][:3]
    return file, number, line


def _edit(file: str, number: str, line: str, new: str) -> SettingEdit | None:
    is_plain = all(clean(each, _MAX_LINE) == each for each in (line, *new.split("\n")))
    if not _PLAIN.fullmatch(file) or not number.isdecimal() or new == line or not is_plain:
        return None
    return None if may_hold_secret(f"{line}\n{new}") else SettingEdit(file, int(number), line, new)


def _variable(
    name: str, text: str, values: Mapping[str, Sequence[str]], manager: str
) -> ProgramNeed | None:
    if manager == "systemd":
        return parse_need(Lack("variable", name), text)
    file = _only(values, "file")
    if not file:
        return None
    if manager == "supervisor":
        command = _first(values, "exec")
        # A shell is to read the same words (sh(1), "Shell grammar").
        if not re.fullmatch(r"[\w ./:=,@+-]+", command, re.ASCII):
            return None
        return _section_line(values, "command", f"sh -c 'set -a; . {file}; exec {command}'")
    return VariableFile(file, name)
