"""What a service of systemd's is not allowed: the settings of systemd.exec(5) and
systemd.resource-control(5), as `systemctl show` prints them, and which of them a line of its log is
about. No I/O.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: Longest value that is read, number of its words, and of the paths of a line.
MAX_VALUE, MAX_WORDS, MAX_PATHS = 4000, 200, 8

#: What ProtectHome= hides, and ProtectSystem= makes read-only.
_HOMES = ("/home", "/root", "/run/user")
_SYSTEM = {"yes": ("/usr", "/boot", "/efi"), "full": ("/usr", "/boot", "/efi", "/etc")}
#: What stays writable with ProtectSystem=strict.
_KERNEL = ("/dev", "/proc", "/sys")
#: The folders of a service that are its own: where systemd makes them.
_OWN_FOLDERS = {
    "StateDirectory": "/var/lib",
    "CacheDirectory": "/var/cache",
    "LogsDirectory": "/var/log",
    "RuntimeDirectory": "/run",
}

_PATH = re.compile(r"(?<![\w./])(/[\w.@+,%~-][\w./@+,%~-]{0,300})")
_READ_ONLY = re.compile(r"EROFS|read-only file ?system|errno 30\b", re.IGNORECASE)
_MISSING = re.compile(
    r"ENOENT|EACCES|EPERM|no such file|permission denied|not permitted|not found|errno (?:2|13)\b"
    r"|cannot (?:open|find|access)|does(?:n't| not) exist|CHDIR",
    re.IGNORECASE,
)
_FAMILY = re.compile(r"EAFNOSUPPORT|address family not supported|errno 97\b", re.IGNORECASE)
_PROCESSES = re.compile(
    r"EAGAIN|can't start new thread|unable to create (?:native )?thread|cannot fork|"
    r"fork: retry|resource temporarily unavailable|pthread_create",
    re.IGNORECASE,
)
_CODE = re.compile(r"mprotect|executable memory|code ?range|JIT|MAP_JIT|PROT_EXEC", re.IGNORECASE)


@frozen
class UnitRules:
    """The settings of a unit and of its slices: their names and values in systemd's words."""

    unit: str
    settings: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """Return a value, of all units of the chain together; "" if it is not set."""
        return " ".join(value for key, value in self.settings if key == name and value)

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(self.get(name)[:MAX_VALUE].split()[:MAX_WORDS])


def parse_rules(text: str) -> Mapping[str, UnitRules]:
    """Return the rules by what was asked for, from the output of unit_rules.sh: "unit QUESTION
    NAME", and lines "=NAME=VALUE"."""
    rules: dict[str, UnitRules] = {}
    for block in re.split(r"^unit ", text, flags=re.MULTILINE)[1:][:MAX_WORDS]:
        head, _, rest = block.partition("\n")
        question, _, unit = head.partition(" ")
        lines = (line[1:].partition("=") for line in rest.split("\n") if line.startswith("="))
        settings = tuple((key, value[:MAX_VALUE]) for key, _, value in lines)
        rules[question] = UnitRules(clean(unit, 100), settings)
    return rules


def denied_address(rules: UnitRules, address: str) -> str:
    """Return the setting that keeps the unit from all packets from and to an address,
    "IPAddressDeny=any"; "" if none does. What is allowed by name goes before."""
    denied = rules.words("IPAddressDeny")
    if not _holds(denied, address) or _holds(rules.words("IPAddressAllow"), address):
        return ""
    is_all = {"0.0.0.0/0", "::/0"} <= set(denied)
    return f"IPAddressDeny={'any' if is_all else clean(' '.join(denied), 100)}"


def _holds(networks: tuple[str, ...], address: str) -> bool:
    try:
        own = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    for text in networks:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            continue
        if own.version == network.version and own in network:
            return True
    return False


def may_be_forbidden(line: str) -> bool:
    """Return whether a line says that something failed which a unit may forbid."""
    text = line[:2000]
    is_about_path = _READ_ONLY.search(text) or _MISSING.search(text)
    is_other = _FAMILY.search(text) or _PROCESSES.search(text) or _CODE.search(text)
    return bool(is_other or (is_about_path and _PATH.search(text)))


def setting_about(rules: UnitRules, line: str) -> str:
    """Return the setting that forbids what a line says has failed, "ProtectHome=yes"; "" if none
    does. The line names the path, or the kind of failure is that of one setting alone."""
    text = line[:2000]
    families = rules.get("RestrictAddressFamilies")
    if _FAMILY.search(text) and families:
        return f"RestrictAddressFamilies={clean(families, 100)}"
    paths = _PATH.findall(text)[:MAX_PATHS]
    if "step CHDIR" in text:
        paths = [rules.get("WorkingDirectory").lstrip("-!"), *paths]
    for path in paths:
        if _READ_ONLY.search(text) and (setting := _read_only(rules, path)):
            return setting
        if _MISSING.search(text) and (setting := _hidden(rules, path)):
            return setting
    if _PROCESSES.search(text) and (setting := _limit(rules)):
        return setting
    if rules.get("MemoryDenyWriteExecute") == "yes" and _CODE.search(text):
        return "MemoryDenyWriteExecute=yes"
    return ""


def _hidden(rules: UnitRules, path: str) -> str:
    """Return the setting by which the unit does not see a path, or may not read it."""
    home = rules.get("ProtectHome")
    if home in {"yes", "tmpfs"} and _folder_of(_HOMES, path):
        return f"ProtectHome={home}"
    for name in ("InaccessiblePaths", "TemporaryFileSystem"):
        folders = [folder.partition(":")[0] for folder in rules.words(name)]
        if (folder := _folder_of(folders, path)) and not _is_bound(rules, path, folder):
            return f"{name}={folder}"
    if rules.get("PrivateTmp") in {"yes", "disconnected"} and _folder_of(
        ("/tmp", "/var/tmp"), path
    ):
        return f"PrivateTmp={rules.get('PrivateTmp')}"
    return ""


def _is_bound(rules: UnitRules, path: str, folder: str) -> bool:
    """Return whether a longer path in the folder is shown all the same."""
    shown = [item for name in ("ReadWritePaths", "ReadOnlyPaths") for item in rules.words(name)]
    for name in ("BindPaths", "BindReadOnlyPaths"):  # SOURCE[:DESTINATION[:OPTIONS]]
        shown += [":".join(item.split(":")[:2]).rpartition(":")[2] for item in rules.words(name)]
    return len(_folder_of(shown, path)) > len(folder)


def _read_only(rules: UnitRules, path: str) -> str:
    """Return the setting by which the unit may only read a path."""
    writable = _folder_of(tuple(_writable_folders(rules)), path)
    folder = _folder_of(rules.words("ReadOnlyPaths"), path)
    if folder and len(folder) >= len(writable):
        return f"ReadOnlyPaths={folder}"
    if writable:
        return ""
    if rules.get("ProtectHome") == "read-only" and _folder_of(_HOMES, path):
        return "ProtectHome=read-only"
    system = rules.get("ProtectSystem")
    if system == "strict" and not _folder_of(_KERNEL, path):
        return "ProtectSystem=strict"
    return f"ProtectSystem={system}" if _folder_of(_SYSTEM.get(system, ()), path) else ""


def _writable_folders(rules: UnitRules) -> Iterator[str]:
    yield from rules.words("ReadWritePaths")
    for name, parent in _OWN_FOLDERS.items():
        for folder in rules.words(name):
            yield f"{parent}/{folder.partition(':')[0]}"
    if rules.get("PrivateTmp") in {"yes", "disconnected"}:
        yield from ("/tmp", "/var/tmp")


def _limit(rules: UnitRules) -> str:
    """Return the limit of processes that somebody set low."""
    for name in ("LimitNPROC", "TasksMax"):
        value = next(iter(rules.words(name)), "")
        if value.isascii() and value.isdigit() and int(value[:12]) < _MANY_TASKS:
            return f"{name}={value[:12]}"
    return ""


#: The defaults of systemd lie above it (system.conf(5), DefaultTasksMax=).
_MANY_TASKS = 512


def _folder_of(folders: tuple[str, ...] | list[str], path: str) -> str:
    """Return the longest of the folders that is or holds a path. A "-" or "+" stands before
    some."""
    bare = [folder.lstrip("-+").rstrip("/") or "/" for folder in folders]
    holding = [
        folder
        for folder in bare
        if folder.startswith("/") and (path == folder or path.startswith(f"{folder.rstrip('/')}/"))
    ]
    return clean(max(holding, key=len, default=""), 200)
