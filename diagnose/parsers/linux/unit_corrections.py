"""What the unit of a service that could not start needs, by the words of systemd's journal and the
output of unit_corrections.sh. No I/O."""

import re
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.linux.runtimes import (
    OLD_JAVA,
    OLD_NODE,
    fitting_java,
    fitting_node,
    runtime_lines,
)
from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import may_hold_secret

#: What failed: the working folder, the program, a folder that the unit names, the user, a path in a
#: home that the unit hides, the version of Node.js or Java, a file of the environment, a port below
#: 1024, the wait for a program that does not fork or does not say that it is ready, the trust in an
#: authority, a write into a folder that the unit makes read-only, or the folder for files of a
#: session, which is another user's ("rundir").
Fault = Literal[
    "chdir", "exec", "namespace", "output", "user", "home", "oldnode", "oldjava", "environment",
    "port", "forking", "trust", "readonly", "rundir",
]  # fmt: skip

#: systemd's words of each (src/core/exec-invoke.c, src/core/service.c).
_FAULTS: tuple[tuple[Fault, re.Pattern[str]], ...] = (
    ("chdir", re.compile(
        r"Failed at step CHDIR spawning .{0,300}: No such file|working directory failed: No such")),
    ("exec", re.compile(
        r"Failed at step EXEC spawning .{0,300}: (?:No such file|Permission denied|Is a directory"
        r"|Exec format error)"
        r"|Unable to locate executable|Failed to execute .{0,300}: (?:No such|Permission denied)")),
    ("namespace", re.compile(
        r"Failed to set up mount namespacing: .{0,300}No such file"
        r"|Failed at step NAMESPACE spawning .{0,300}: No such file")),
    ("output", re.compile(
        r"Failed to set up standard (?:output|error): No such file"
        r"|Failed at step STD(?:OUT|ERR) spawning .{0,300}: No such file")),
    ("user", re.compile(
        r"Failed to determine (?:user )?credentials: |Failed at step USER spawning .{0,300}: No")),
    ("oldnode", OLD_NODE),
    ("oldjava", OLD_JAVA),
    ("environment", re.compile(r"Failed to load environment files: No such file")),
    ("forking", re.compile(r"start operation timed out")),
    # EROFS in the words of Node.js, Python and Go.
    ("readonly", re.compile(r"EROFS\b|[Rr]ead-only file system")),
    ("rundir", re.compile(r"(?:EACCES|[Pp]ermission denied).{0,80}?/run/user/\d")),
    # Of Node.js (crypto/crypto_common.cc) and of Python's ssl, by OpenSSL's words.
    ("trust", re.compile(
        r"unable to (?:get local issuer|verify the first) certificate"
        r"|self[- ]signed certificate in certificate chain"
        r"|UNABLE_TO_(?:GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE)|SELF_SIGNED_CERT_IN_CHAIN")),
)  # fmt: skip
#: A path without anything that a unit reads otherwise (systemd.syntax(7), systemd.unit(5)).
_PLAIN = lazy_pattern(r"/[A-Za-z0-9_./@:+,~-]{1,300}")
#: The path that such words name: in quotes behind them, or without any before them.
_READ_ONLY_PATH = re.compile(
    r"[Rr]ead-only file system[^'\"\n]{0,60}['\"](/[^'\"\n]{1,300})['\"]"
    r"|(?:mkdir|open|create|write|rename|remove) (/[^\s:]{1,300}): read-only file system"
)
_PORT = "CAP_NET_BIND_SERVICE"
#: Programs that keep to authorities of their own, and the variables that name a file with others
#: (nodejs.org, "Command-line API"; requests, "SSL Cert Verification"; openssl-env(7)).
_TRUST = (
    (re.compile(r"node|npm|npx|yarn|pnpm"), ("NODE_EXTRA_CA_CERTS",)),
    (re.compile(r"python[\d.]*|gunicorn|uvicorn|daphne|hypercorn|celery|flask"),
     ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")),
)  # fmt: skip
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,40}")
#: A version manager has a program once for each version: which one is meant, a person knows.
_VERSION = lazy_pattern(r"/\S{0,200}/\.nvm/versions/|/opt/")
#: Command lines of programs that stay in the foreground, and words with which they do not. Another
#: program may fork after a long start.
_STAYS = re.compile(
    r"[-@:+!|]*/\S{0,200}/(?:node|python[\d.]*|java|deno|bun|dotnet|ruby|gunicorn|uvicorn|puma)\s"
)
_LEAVES = re.compile(r"daemon|[&|;]|\bforever\b|\bpm2\b|nohup")
#: Most files of an environment, and the longest command line, that are written again.
_MAX_FILES = 20
_MAX_COMMAND = 700


@frozen
class Correction:
    """`wrong` is the setting as it is, `lines` are those that mend it. Or `program` is a file that
    lacks the permission to be run; `mode` has its permissions. Or `folder` is one that is not there
    and belongs to `owner` ("" for root), or `script` a file with the ends of lines of Windows."""

    wrong: str = ""
    lines: tuple[str, ...] = ()
    program: str = ""
    mode: int = 0
    folder: str = ""
    owner: str = ""
    script: str = ""


def fault_of(message: str) -> Fault | None:
    """Return what failed, by a line of the journal; None if it is about nothing of these."""
    return next((fault for fault, words in _FAULTS if words.search(message)), None)


def unit_of_source(source: str) -> str:
    """Return the service whose journal a command shows; "" if it shows another log."""
    match = re.fullmatch(r"journalctl -u (\S{1,200})\.service", source)
    return match[1] if match else ""


def home_path(message: str) -> str:
    """Return the first path below a home that a line names, "" if it names none."""
    match = re.search(r"(?<![\w./])(/home/[\w.@+,~%-][\w./@+,~%-]{0,300})", message)
    return match[1].rstrip(".,:") if match else ""


def read_only_path(message: str) -> str:
    """Return the path that could not be written, "" if the words name none."""
    match = _READ_ONLY_PATH.search(message)
    return (match[1] or match[2]) if match else ""


def parse_correction(fault: Fault, text: str, message: str = "") -> Correction | None:
    """Return what the unit needs, from the output of the script; None if that is not known, or if
    more than one thing may be meant. `message` is the line of the journal."""
    values: dict[str, list[str]] = {}
    for line in text.split("\n"):
        name, _, value = line.partition(" ")
        if line.startswith("="):
            values.setdefault(name[1:], []).append(value.strip())

    def first(name: str) -> str:
        return next(iter(values.get(name, ())), "")

    match fault:
        case "chdir":
            folder = _only_path(values, "folder")
            wrong = clean(f"WorkingDirectory={first('wrong')}", 300)
            return Correction(wrong, (f"WorkingDirectory={folder}",)) if folder else None
        case "environment":
            return _environment(first("wrong"), values)
        case "exec":
            return _program(first("exec"), first("wrong"), first("closed"), values)
        case "namespace" | "output":
            return _missing_folder(fault, values, first("user"), first("group"))
        case "oldnode" | "oldjava":
            is_node = fault == "oldnode"
            runtime = fitting_node(values, message) if is_node else fitting_java(values, message)
            lines = runtime_lines(runtime, values) if runtime else ()
            wrong = first("now").partition(" ")[2] or first("exec").partition(" ")[0]
            return Correction(clean(wrong, 300), lines) if lines else None
        case "home":
            folder = first("folder")
            correction = home_correction(first("protect"), folder)
            lines = ("ProtectHome=tmpfs", f"BindPaths={folder}")
            return Correction(correction.wrong, lines) if correction else None
        case "user":
            owner = first("owner")
            is_name = re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", owner) and owner != "root"
            wrong = clean(f"User={first('wrong')}", 80)
            return Correction(wrong, (f"User={owner}",)) if is_name else None
        case "port":
            return _capability(first("bounds"), first("alone"))
        case "readonly":
            return _writable(first("protect"), _only_path(values, "folder"))
        case "rundir":
            return _session_folder(first("variable"), first("closed"), first("name"))
        case "trust":
            has_own = bool(first("authority")) and not values.get("set")
            return _trust(first("wrong"), first("bundle")) if has_own else None
        case "forking" if first("type") == "notify":
            # A program that runs and does not say that it is ready (sd_notify(3)).
            is_local = first("fragment").startswith("/etc/")
            return Correction("Type=notify", ("Type=simple",)) if is_local else None
        case "forking":
            is_forking = first("type") == "forking" and not first("wrong")
            stays = _STAYS.match(first("exec")) and not _LEAVES.search(first("exec"))
            return Correction("Type=forking", ("Type=simple",)) if is_forking and stays else None


def home_correction(protection: str, folder: str) -> Correction | None:
    """Return what lets a service see this folder of a home and no other one (systemd.exec(5),
    ProtectHome=, BindReadOnlyPaths=); None where the unit does not hide homes, or for root's."""
    if protection not in {"yes", "tmpfs"} or not _PLAIN.fullmatch(folder):
        return None
    if not folder.startswith("/home/") or ":" in folder or "/../" in f"{folder}/":
        return None
    return Correction(
        f"ProtectHome={protection}", ("ProtectHome=tmpfs", f"BindReadOnlyPaths={folder}")
    )


def _only_path(values: dict[str, list[str]], name: str) -> str:
    """Return the only path of this name; "" for several, or for one that a unit reads otherwise."""
    paths = list(dict.fromkeys(values.get(name, ())))
    return paths[0] if len(paths) == 1 and _PLAIN.fullmatch(paths[0]) else ""


def _environment(wrong: str, values: dict[str, list[str]]) -> Correction | None:
    """Only a new list takes a file out of it: the others are written again, in their order. With a
    dash they may be missing."""
    listed, file = values.get("of", []), _only_path(values, "file")
    is_plain = all(_PLAIN.fullmatch(path.removeprefix("-")) for path in listed)
    if not file or not is_plain or listed.count(wrong) != 1 or len(listed) > _MAX_FILES:
        return None
    paths = [file if path == wrong else path for path in listed]
    lines = ("EnvironmentFile=", *(f"EnvironmentFile={path}" for path in paths))
    return Correction(f"EnvironmentFile={wrong}", lines)


def _program(
    command: str, wrong: str, closed: str, values: dict[str, list[str]]
) -> Correction | None:
    """The program is somewhere else, or nobody may run it."""
    if not _PLAIN.fullmatch(wrong):
        return None
    if "carriage" in values:
        return Correction(script=wrong)
    if re.fullmatch("[0-7]{3,4}", closed):
        # Where somebody may run it, it is kept from this user on purpose.
        mode = int(closed, 8)
        return None if mode & 0o111 else Correction(wrong, program=wrong, mode=mode)
    if (runner := _only_path(values, "interpreter")) and command.count(wrong) == 1:
        return _command(command, wrong, f"{runner} {wrong}")
    programs = values.get("program", ())
    if len(programs) > 1 and _VERSION.match(programs[0]):
        return None
    if not programs or not _PLAIN.fullmatch(programs[0]):
        return None
    return _command(command, wrong, programs[0])


def _command(command: str, wrong: str, right: str) -> Correction | None:
    """The command line of the unit with another program, if it can be written again as it is."""
    if wrong not in command or len(command) >= _MAX_COMMAND or command.endswith("\\"):
        return None
    line = command.replace(wrong, right, 1)
    if clean(line, _MAX_COMMAND) != line or may_hold_secret(line):
        return None
    return Correction(f"ExecStart={wrong}", ("ExecStart=", f"ExecStart={line}"))


def _missing_folder(
    fault: Fault, values: dict[str, list[str]], user: str, group: str
) -> Correction | None:
    """A folder that the unit names has to be there before its program starts. /run is empty after
    each boot: systemd makes its folders (systemd.exec(5), RuntimeDirectory=)."""
    folder = _only_path(values, "missing")
    if not folder or folder.startswith(_OF_SYSTEM) or "/../" in f"{folder}/":
        return None
    name = folder.removeprefix("/run/").rstrip("/")
    if name != folder:
        is_one = re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", name)
        return Correction("", (f"RuntimeDirectory={name}",)) if is_one else None
    is_name = re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", user) and user != "root"
    has_owner = fault == "namespace" and is_name
    return Correction(folder=folder, owner=f"{user}:{group}" if has_owner else "")


def _trust(program: str, bundle: str) -> Correction | None:
    """An administrator has installed an authority on the server, and the program does not read the
    server's list."""
    if not _PLAIN.fullmatch(bundle):
        return None
    for words, names in _TRUST:
        if words.fullmatch(program):
            return Correction("", tuple(f"Environment={name}={bundle}" for name in names))
    return None


#: Folders of the system, and those in which each program has one of its own (hier(7)).
_OF_SYSTEM = (
    "/boot/", "/usr/", "/proc/", "/sys/", "/dev/", "/root/", "/etc/cron", "/etc/pam.d",
    "/etc/security", "/etc/ssh", "/etc/ssl", "/etc/sudoers", "/etc/systemd",
)  # fmt: skip
_OF_ALL = frozenset(
    f"/var/{name}" for name in ("lib", "log", "cache", "spool", "www", "opt", "mail", "tmp")
)


def _writable(protection: str, folder: str) -> Correction | None:
    """The unit makes the file system read-only (systemd.exec(5), ProtectSystem=): the folder of the
    program becomes an exception, and none that belongs to the system."""
    is_own = folder.count("/") > 1 and not folder.startswith(_OF_SYSTEM) and folder not in _OF_ALL
    if protection not in {"yes", "full", "strict"} or not is_own:
        return None
    return Correction(f"ProtectSystem={protection}", (f"ReadWritePaths={folder}",))


def _session_folder(variable: str, closed: str, unit: str) -> Correction | None:
    """The environment names the folder of a session, which systemd makes at a login of its user
    alone (pam_systemd(8), XDG_RUNTIME_DIR): the service gets a folder of its own."""
    is_plain = re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", unit) and _VARIABLE.fullmatch(variable)
    if not is_plain or not closed.startswith("/run/user/"):
        return None
    lines = (f"RuntimeDirectory={unit}", f"Environment={variable}=/run/{unit}")
    return Correction(clean(f"Environment={variable}={closed}", 300), lines)


def _capability(bounds: str, alone: str) -> Correction | None:
    """A unit with users of its own has no capability outside of them (systemd.exec(5),
    PrivateUsers=). Whoever leaves it no capability at all means that."""
    if alone not in {"", "no"} or not bounds:
        return None
    is_bound = _PORT.lower() not in bounds.lower().split()
    lines = (f"CapabilityBoundingSet={_PORT}",) if is_bound else ()
    return Correction("", (f"AmbientCapabilities={_PORT}", *lines))
