"""Faults that people make on grown servers (`grown.py`), at random places: the same for the same
server and number.

    python -m tests.lab.grown_faults wordpress 17      the fault of this number
"""

import difflib
import random
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from . import certificates
from .faults import INSERTED
from .grown import BOTH, KEY, PEM, Grown, read, restart
from .lab import Lab

#: Files of which a line is changed.
CONFIGURATION = re.compile(r"^/etc/(nginx|apache2|haproxy|caddy)/|\.htaccess$|nginx\.conf")
WORD = re.compile(r"[A-Za-z_]{4,}")
PORT = re.compile(r"(?<=:)\d{2,5}\b|(?<=listen )\d{2,5}\b|(?<=Listen )\d{2,5}\b")
PATH = re.compile(r"(?<![\w/])/(?:[\w.-]+/)*[\w.-]{3,}")
BLOCK = re.compile(r"^(\s*)(location|server|handle|<\w|use_backend|http-request|Rewrite)")

#: Done to the running server: a name, and what a shell does there.
Act = Callable[[Lab, Grown, random.Random], str]


@dataclass(frozen=True, slots=True)
class Fault:
    """A file's new text, or something that is done: `act` says what in words."""

    name: str
    path: str = ""
    text: str = ""
    act: Act | None = None

    def __str__(self) -> str:
        return self.name


def fault(made: Grown, number: int) -> Fault:
    chosen = random.Random(f"{made.name} {number}")
    if chosen.random() < 1 / 3:
        act = chosen.choice(ACTS)
        return Fault((act.__doc__ or "").strip().rstrip("."), act=act)
    texts = {text: path for path, (text, _) in made.files.items() if CONFIGURATION.search(path)}
    while True:
        text = chosen.choices(list(texts), [text.count("\n") + 1 for text in texts])[0]
        what, changed = chosen.choice(EDITS)(chosen, text)
        if changed != text:
            return Fault(f"{what} in {texts[text]}", texts[text], changed)


# A line that a person edits


def _choose(chosen: random.Random, text: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    found = [
        m
        for m in pattern.finditer(text)
        if "#" not in text[text.rfind("\n", 0, m.start()) + 1 : m.start()]
    ]
    return chosen.choice(found) if found else None


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def typo(chosen: random.Random, text: str) -> tuple[str, str]:
    if not (match := _choose(chosen, text, WORD)):
        return "", text
    word, at = match[0], chosen.randrange(len(match[0]) - 1)
    new = chosen.choice(
        [word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :]]
    )
    return f"line {_line(text, match.start())}: {word} is {new}", _put(text, match, new)


def port(chosen: random.Random, text: str) -> tuple[str, str]:
    if not (match := _choose(chosen, text, PORT)):
        return "", text
    new = str(int(match[0]) + chosen.choice([1, -1, 10]))
    return f"line {_line(text, match.start())}: port {match[0]} is {new}", _put(text, match, new)


def path(chosen: random.Random, text: str) -> tuple[str, str]:
    if not (match := _choose(chosen, text, PATH)):
        return "", text
    parts = match[0].split("/")
    at = chosen.randrange(1, len(parts))
    letter = chosen.randrange(max(1, len(parts[at])))
    parts[at] = chosen.choice([parts[at][:letter] + parts[at][letter + 1 :], f"{parts[at]}-old"])
    new = "/".join(parts)
    return f"line {_line(text, match.start())}: {match[0]} is {new}", _put(text, match, new)


def _own_lines(text: str) -> list[int]:
    lines = text.split("\n")
    return [n for n, line in enumerate(lines) if line.strip() and line.strip()[0] not in "#}"]


def deleted(chosen: random.Random, text: str) -> tuple[str, str]:
    lines = text.split("\n")
    plain = [n for n in _own_lines(text) if not lines[n].rstrip().endswith(("{", ">"))]
    if not plain:
        return "", text
    line = lines.pop(at := chosen.choice(plain))
    return f"line {at + 1} is gone: {line.strip()}", "\n".join(lines)


def unended(chosen: random.Random, text: str) -> tuple[str, str]:
    ends = [m.start() for m in re.finditer(r"[;}](?=\s*$)", text, re.MULTILINE)]
    if not ends:
        return "", text
    at = chosen.choice(ends)
    return f"line {_line(text, at)}: {text[at]} is gone", text[:at] + text[at + 1 :]


def inserted(chosen: random.Random, text: str) -> tuple[str, str]:
    lines = text.split("\n")
    heads = [n for n, line in enumerate(lines) if re.match(r"\s*(server|location)\b.*\{$", line)]
    if not heads:
        return "", text
    at, words = chosen.choice(heads), chosen.choice(INSERTED)
    lines.insert(at + 1, f"    {words}")
    return f"line {at + 2}: {words}", "\n".join(lines)


def swapped(chosen: random.Random, text: str) -> tuple[str, str]:
    """Two neighbours of the same depth change places."""
    lines = text.split("\n")
    heads = [n for n, line in enumerate(lines) if BLOCK.match(line)]
    pairs = [(a, b) for a, b in pairwise(heads) if _depth(lines[a]) == _depth(lines[b])]
    if not pairs:
        return "", text
    first, second = chosen.choice(pairs)
    end = next(
        (n for n in range(second + 1, len(lines)) if _depth(lines[n]) <= _depth(lines[second])),
        len(lines),
    )
    if lines[second].rstrip().endswith(("{", ">")) and end < len(lines):
        end += 1
    moved = [*lines[:first], *lines[second:end], *lines[first:second], *lines[end:]]
    words = f"{lines[second].strip()} stands before {lines[first].strip()}"
    return f"line {first + 1}: {words}", "\n".join(moved)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip()) if line.strip() else 99


EDITS = [typo, typo, port, path, deleted, deleted, unended, inserted, swapped]

# What is done to the server


def program_stopped(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """A program is stopped."""
    if not made.programs:
        return server_stopped(lab, made, chosen)
    gone = made.programs[0]
    lab.server.kill([pid for pid, name in lab.server.processes().items() if name == gone.name[:15]])
    return f"{gone.name} at {gone.place}"


def server_stopped(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """A web server is stopped."""
    name = chosen.choice(made.servers)
    if name == "nginx":
        lab.stop_nginx()
    else:
        lab.server.kill(lab.server.pids(name))
    return name


def served_files(made: Grown) -> list[str]:
    return sorted(path for path in made.files if path.startswith(("/var", "/srv", "/usr")))


def closed_folder(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """A folder of files is closed to the server."""
    folders = sorted({path.rsplit("/", 1)[0] for path in served_files(made)})
    if not folders:
        return closed_socket(lab, made, chosen)
    folder = chosen.choice(folders)
    lab.server.sh(f"chmod 700 {folder}; chown root:root {folder}")
    return folder


def closed_file(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """A file is closed to the server."""
    files = served_files(made)
    if not files:
        return lost_include(lab, made, chosen)
    file = chosen.choice(files)
    lab.server.sh(f"chmod 600 {file}; chown root:root {file}")
    return file


def lost_file(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """A file has another name."""
    files = served_files(made)
    if not files:
        return lost_include(lab, made, chosen)
    file = chosen.choice(files)
    lab.server.sh(f"mv {file} {file}.bak")
    return file


def lost_include(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """A file of the configuration has another name."""
    files = sorted(p for p in made.files if CONFIGURATION.search(p) and "customer" not in p)
    file = chosen.choice(files)
    lab.server.sh(f"mv {file} {file}.bak")
    _again(lab, made)
    return file


def closed_socket(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """A program's socket is closed to the server."""
    sockets = [p.place for p in made.programs if p.place.startswith("/")]
    if not sockets:
        return program_stopped(lab, made, chosen)
    lab.server.sh(f"chown root:root {sockets[0]}; chmod 600 {sockets[0]}")
    return sockets[0]


def _certificate(lab: Lab, made: Grown, chain: str, key: str) -> None:
    lab.server.write(PEM, chain)
    lab.server.write(KEY, key, 0o600)
    lab.server.write(BOTH, chain + key, 0o600)
    _again(lab, made)


def expired(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """The certificate has expired."""
    issued = certificates.leaf(ends=-3)
    _certificate(lab, made, issued.chain, issued.key_pem)
    return ""


def other_name(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """The certificate is another site's."""
    issued = certificates.leaf("other.example.org")
    _certificate(lab, made, issued.chain, issued.key_pem)
    return ""


def other_key(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """The key is another certificate's."""
    _certificate(lab, made, certificates.good().chain, certificates.leaf().key_pem)
    return ""


def no_intermediate(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """The certificate's file lacks the intermediate."""
    good = certificates.good()
    _certificate(lab, made, good.pem, good.key_pem)
    return ""


def firewall(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """The firewall is closed."""
    words = chosen.choice([
        "firewall-cmd -q --permanent --remove-service=https; firewall-cmd -q --reload",
        "nft add table inet mine; nft 'add chain inet mine input { type filter hook input priority"
        " -10; }'; nft add rule inet mine input tcp dport 443 drop",
    ])  # fmt: skip
    lab.server.sh(words)
    return words.split()[0]


def name(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """The name leads elsewhere."""
    addresses = chosen.choice([["203.0.113.99"], []])
    lab.dns(addresses)
    return str(addresses)


def stale_hosts(lab: Lab, made: Grown, chosen: random.Random) -> str:
    """A name in /etc/hosts leads elsewhere."""
    if not made.hosts:
        return name(lab, made, chosen)
    text = lab.server.read("/etc/hosts")
    lab.server.write(
        "/etc/hosts", text.replace(made.hosts[0], f"10.9.9.9 {made.hosts[0].split()[1]}")
    )
    _again(lab, made)
    return made.hosts[0]


ACTS: list[Act] = [
    program_stopped, program_stopped, server_stopped, closed_folder, closed_file, lost_file,
    lost_include, closed_socket, expired, other_name, other_key, no_intermediate, firewall, name,
    stale_hosts,
]  # fmt: skip


def _again(lab: Lab, made: Grown) -> None:
    restart(lab, made)


def break_it(lab: Lab, made: Grown, broken: Fault, number: int) -> str:
    """Do it to the running server; what was done, in words."""
    if broken.act:
        return broken.act(lab, made, random.Random(f"{made.name} {number} act"))
    lab.server.write(broken.path, broken.text)
    if not broken.path.endswith(".htaccess"):
        _again(lab, made)
    return ""


if __name__ == "__main__":
    made = read(sys.argv[1])
    broken = fault(made, int(sys.argv[2]))
    print(broken)
    if broken.path:
        lines = made.files[broken.path][0].split("\n"), broken.text.split("\n")
        print(*difflib.unified_diff(*lines, lineterm="", n=1), sep="\n")
