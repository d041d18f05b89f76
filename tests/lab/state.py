"""What a host looks like: files, rules, listeners, processes. To compare, and to go back to."""

import hashlib
import os
import shutil
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .hosts import Host

KEPT = (
    "/etc/nginx",
    "/etc/apache2",
    "/etc/haproxy",
    "/etc/caddy",
    "/etc/default/ufw",
    "/etc/firewalld",
    "/etc/iptables",
    "/etc/nftables.conf",
    "/etc/ufw",
    "/etc/letsencrypt",
    "/etc/ssl/lab",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/sysctl.d",
    "/usr/share/nginx/html",
    "/var/www",
)
# nginx is always started anew; polkitd is started by the bus when firewall-cmd needs it.
COME_AND_GO = ("nginx", "polkitd")
#: systemd's own helpers, and what is about to become another program.
HELPERS = ("systemd-", "systemctl", "(", "agetty")
#: Programs that firewalld starts and that end by themselves, as the kernel shortens their names.
SHORT = ("iptables-restor", "ip6tables-resto", "ebtables-restor", "ipset", "sysctl", "modprobe")


class Entry(NamedTuple):
    """A file's content, a link's target, or a directory."""

    kind: int
    mode: int
    content: bytes
    changed: float = 0

    def meaning(self, path: str) -> tuple[int, int, bytes]:
        """firewalld writes a zone's elements in any order."""
        content = self.content
        if path.startswith("/etc/firewalld/"):
            content = b"\n".join(sorted(line.strip() for line in content.split(b"\n")))
        return self.kind, self.mode, content


def _entry(path: Path) -> Entry:
    info = path.lstat()
    kind = stat.S_IFMT(info.st_mode)
    content = b""
    if kind == stat.S_IFLNK:
        content = str(path.readlink()).encode()
    elif kind == stat.S_IFREG:
        content = path.read_bytes()
    return Entry(kind, stat.S_IMODE(info.st_mode), content, info.st_mtime)


def tree(host: Host) -> dict[str, Entry]:
    """Everything under KEPT. Links are not followed: they would lead out of the host."""
    found = {}
    for top in (*KEPT, *host.kept):
        inside = host.exact(top)
        if not os.path.lexists(inside):
            continue
        found[top] = _entry(inside)
        for folder, folders, files in os.walk(inside):
            for name in folders + files:
                path = Path(folder, name)
                found[f"{top}/{path.relative_to(inside)}"] = _entry(path)
    return found


def put_back(host: Host, pristine: Mapping[str, Entry]) -> list[str]:
    """Make the tree what it was; the paths that were not so."""
    current = tree(host)
    wrong = [path for path in current if path not in pristine]
    for path in sorted(wrong, reverse=True):
        _remove(host.exact(path))
    changed = [p for p, entry in pristine.items() if p not in current or current[p] != entry]
    for path in sorted(changed):
        _make(host.exact(path), pristine[path])
    return wrong + changed


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _make(path: Path, entry: Entry) -> None:
    if entry.kind != stat.S_IFDIR or not path.is_dir():
        _remove(path)
    match entry.kind:
        case stat.S_IFLNK:
            path.symlink_to(entry.content.decode())
            return
        case stat.S_IFDIR:
            path.mkdir(exist_ok=True)
        case stat.S_IFREG:
            path.write_bytes(entry.content)
    path.chmod(entry.mode)
    os.utime(path, (entry.changed, entry.changed))


def rules(host: Host) -> str:
    """The ruleset without counters, handles and the order of sets' elements."""
    return host.run(["nft", "-s", "list", "ruleset"]).stdout


def network(host: Host) -> str:
    return host.sh("ip -o addr; ip -o link; ip route; ip -6 route; ip rule; ip -6 rule")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What must be the same before the fault and after the cure."""

    files: Mapping[str, Entry]
    rules: str
    listeners: frozenset[str]
    processes: frozenset[str]

    @classmethod
    def of(cls, host: Host) -> "Snapshot":
        names = host.processes().values()
        running = frozenset(name for name in names if not name.startswith(HELPERS))
        running -= {"polkitd", *SHORT}
        return cls(tree(host), rules(host), frozenset(host.listeners()), running)

    def difference(self, other: "Snapshot", allowed: Sequence[str] = ()) -> list[str]:
        """In words. `allowed` holds paths, or "rules", "listeners", "processes"."""
        found = []
        for path in sorted(self.files.keys() | other.files.keys()):
            before, after = self.files.get(path), other.files.get(path)
            if path in allowed or path.endswith(
                (".xml.old", ".conf.old")
            ):  # firewalld's own copies
                continue
            if (before and before.meaning(path)) != (after and after.meaning(path)):
                found.append(f"file {path}: {_changed(before, after)}")
        # Counted: a rule that is there twice is another ruleset.
        pairs = {
            "listeners": (Counter(self.listeners), Counter(other.listeners)),
            "processes": (Counter(self.processes), Counter(other.processes)),
            "rules": (Counter(self.rules.splitlines()), Counter(other.rules.splitlines())),
        }
        for what, (mine, theirs) in pairs.items():
            if what not in allowed:
                found += [f"{what}: {line.strip()} has gone" for line in (mine - theirs).elements()]
                found += [f"{what}: {line.strip()} is new" for line in (theirs - mine).elements()]
        return found


def _changed(before: Entry | None, after: Entry | None) -> str:
    if before is None:
        return "is new"
    if after is None:
        return "has gone"
    if before.content == after.content:
        return f"has mode {after.mode:o}"
    return f"has other content, {hashlib.sha256(after.content).hexdigest()[:8]}"
