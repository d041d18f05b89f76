"""Parse what should start a renewal tool: timers, tables of cron, scripts in its folders. No I/O.

crontab(5): five fields of the time, or one word such as @daily; in /etc/crontab and /etc/cron.d the
user follows. Cron takes no table there that others than root may write; Debian's takes none whose
name has a dot or whose last line has no end, and run-parts(8) leaves such scripts out.
"""

import posixpath
import re
from collections.abc import Container, Iterator, Mapping, Sequence

from diagnose.model.frozen import frozen
from diagnose.model.renewal import StartFault
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.site_files import is_backup_name
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number

#: Most starts that are kept.
MAX_STARTS = 40
#: What names each tool in a line.
_TOOLS = {
    "certbot": ("certbot", "letsencrypt"),
    "acme.sh": ("acme.sh",),
    "dehydrated": ("dehydrated",),
}
_TIME = lazy_pattern(
    r"\s*(?:(@[a-z]{1,20})|((?:[0-9*][\w*,/~-]{0,60}\s+){2})([\w*,/~-]{1,60})\s+([\w*,/~-]{1,60})"
    r"\s+([\w*,/~-]{1,60}))\s+(.+)"
)
_SETTING = lazy_pattern(r"\s*([A-Z]{1,20})\s*=\s*(.{0,300})")
_SEEN = lazy_pattern(r"\s*([0-9]{1,6}):(.*)")
#: The paths in which cron looks for a program where the table has no line for them.
_PATHS = "/usr/bin:/bin"
#: The names that cron and run-parts of Debian take.
_NAME = lazy_pattern(r"[A-Za-z0-9_-]{1,200}")
#: What starts a program elsewhere, where its path is another file.
_ELSEWHERE = lazy_pattern(
    r"\b(?:docker(?:-compose)?|podman(?:-compose)?|ssh|chroot|nsenter|lxc|lxc-attach|incus|kubectl)\s"
)


@frozen
class Start:
    """What should start a tool: as a RenewalStart says it."""

    source: str
    line: int = 0
    text: str = ""
    fault: StartFault = ""
    program: str = ""
    mode: int = 0


@frozen
class Schedule:
    """All that the script found. `tables` are the starts by a table or a folder of cron."""

    values: Mapping[str, str]
    timers: tuple[str, ...]
    programs: tuple[str, ...]
    by_hand: tuple[str, ...]
    tables: tuple[tuple[str, tuple[str, ...]], ...]
    parts: tuple[str, ...]
    gone: frozenset[str]

    @property
    def has_systemd(self) -> bool:
        return "systemd" in self.values

    def number(self, name: str) -> int | None:
        return whole_number(self.values.get(name, ""))

    def starts(self, tool: str) -> tuple[Start, ...]:
        """Return what should start this tool."""
        start_times = (*self._timers(tool), *self._lines(tool), *self._parts(tool))
        return start_times[:MAX_STARTS]

    def program_of(self, tool: str) -> str:
        return next(iter(self.programs), "") if tool == "certbot" else ""

    def _timers(self, tool: str) -> Iterator[Start]:
        for timer in self.timers:
            unit, _, rest = timer.partition(" ")
            state, _, active = rest.partition(" ")
            if _other_tool(unit, tool):
                continue
            fault: StartFault = ""
            if state.startswith("masked"):
                fault = "timer-masked"
            elif active != "active":
                fault = "timer-off"
            yield Start(clean(unit, 100), fault=fault)

    def _lines(self, tool: str) -> Iterator[Start]:
        for head, lines in self.tables:
            mode, uid, end, path = (*head.split(" ", 3), "", "", "")[:4]
            if path.startswith("/etc/cron.d/") and is_backup_name(path):
                continue
            table = _Table(path, _bits(mode), uid, end, "debian" in self.values)
            yield from table.starts(self, lines, tool)

    def _parts(self, tool: str) -> Iterator[Start]:
        for part in self.parts:
            mode, _, path = part.partition(" ")
            name, bits = posixpath.basename(path), _bits(mode)
            if _other_tool(name, tool) or is_backup_name(name):
                continue
            fault: StartFault = ""
            if "debian" in self.values and not _NAME.fullmatch(name):
                fault = "dotted"
            elif not bits & 0o111:
                fault = "not-executable"
            elif "/cron.monthly/" in path or "/periodic/monthly/" in path:
                fault = "rare"
            yield Start(clean(path, 200), fault=fault or self._daemon(), mode=bits)

    def _daemon(self) -> StartFault:
        return "" if "daemon" in self.values else "no-daemon"


@frozen
class _Table:
    """A table of cron, and what is wrong with the whole of it."""

    path: str
    mode: int
    uid: str
    end: str
    is_debian: bool

    @property
    def is_of_the_system(self) -> bool:
        """Whether its lines name a user (not those of anacron)."""
        return self.path.startswith("/etc/cron.d/") or self.path == "/etc/crontab"

    def starts(self, schedule: Schedule, lines: Sequence[str], tool: str) -> Iterator[Start]:
        paths, seen = _PATHS, [match for line in lines if (match := _SEEN.fullmatch(line))]
        for match in seen:
            number, text = int(match[1]), match[2]
            setting = _SETTING.fullmatch(text)
            if setting:
                paths = setting[2].strip("'\" ") if setting[1] == "PATH" else paths
                continue
            if text.lstrip().startswith("#") or _other_tool(text, tool):
                continue
            # Debian's own line leaves it to the timer where systemd runs.
            if "/run/systemd/system" in text and schedule.has_systemd:
                continue
            fault, program = self._fault(schedule, text, paths, tool, match is seen[-1])
            fault = fault or ("" if self.path.endswith("anacrontab") else schedule._daemon())
            yield Start(
                clean(self.path, 200), number, clean(text.strip(), 300), fault, program, self.mode
            )

    def _fault(
        self, schedule: Schedule, text: str, paths: str, tool: str, is_last: bool
    ) -> tuple[StartFault, str]:
        name = posixpath.basename(self.path)
        time = _TIME.fullmatch(text)
        if self.path.startswith("/etc/cron.d/"):
            if self.is_debian and not _NAME.fullmatch(name):
                return "dotted", ""
            if self.uid != "0":
                return "owner", ""
            if self.mode & 0o022:
                return "mode", ""
        if self.is_debian and is_last and self.end not in {"", "0a"}:
            return "newline", ""
        if time is None or self.path.endswith("anacrontab"):
            return "", ""
        command = time[6]
        if self.is_of_the_system:
            user, _, command = command.partition(" ")
            if not _may_be_a_user(user):
                return "no-user", ""
        elif command.startswith("root "):
            return "user", ""
        if _is_gone(command, schedule.gone):
            return "gone", schedule.program_of(tool)
        programs = schedule.programs if tool == "certbot" else ()
        program = _not_found(command, paths, programs)
        if program:
            return "path", program
        is_rare = time[1] in {"@monthly", "@yearly", "@annually"} or (
            time[3] is not None and time[3].isdigit() and time[5] == "*"
        )
        return ("rare" if is_rare else ""), ""


def _bits(mode: str) -> int:
    """Return the permissions that `stat -c %a` printed; 0 if they are none."""
    return int(mode, 8) if re.fullmatch("[0-7]{1,5}", mode) else 0


def _other_tool(text: str, tool: str) -> bool:
    """Return whether a text names another tool, and not this one. The timer of a person for acme.sh
    is called acme.timer or so."""
    lower = text.lower()
    if any(word in lower for word in _TOOLS.get(tool, (tool,))):
        return False
    is_unit = re.match(r"acme[\w@.-]{0,60}\.timer$", lower) is not None
    words = (word for words in _TOOLS.values() for word in words)
    return tool != "acme.sh" if is_unit else any(word in lower for word in words)


def _may_be_a_user(word: str) -> bool:
    """Return whether a word may be a user's name, and is not the start of the command."""
    commands = {
        "certbot", "certbot-auto", "letsencrypt", "acme.sh", "dehydrated", "python", "python3",
        "perl", "sh", "bash", "test", "cd", "sleep", "sudo", "systemctl", "docker", "flock",
    }  # fmt: skip
    return word not in commands and re.fullmatch(r"[\w.-]{1,64}\$?", word) is not None


def _is_gone(command: str, gone: Container[str]) -> bool:
    """Return whether the command starts a program that is not there: not the value of an option, no
    file into which it writes, and nothing of another machine or container."""
    words = command.split()
    pairs = zip(("", *words), words, strict=False)
    is_named = any(
        word in gone and (before == "-x" or not before.startswith(("-", ">", "1>", "2>", "&>")))
        for before, word in pairs
    )
    return is_named and _ELSEWHERE.search(command) is None


def _not_found(command: str, paths: str, programs: Sequence[str]) -> str:
    """Return the program if the command begins with its bare name, and cron does not look in the
    folder of any that is there: the guides link it from /opt or /snap into /usr/bin."""
    searched = {path.rstrip("/") or "/" for path in paths.split(":")}
    same = {"/bin": "/usr/bin", "/sbin": "/usr/sbin"}
    searched |= {same[path] for path in searched if path in same}
    word = command.partition(" ")[0]
    named = [program for program in programs if posixpath.basename(program) == word]
    is_found = any(posixpath.dirname(program) in searched for program in named)
    return named[0] if named and not is_found else ""


def parse(text: str) -> Schedule:
    """Parse the output of renewal_schedule.sh."""
    values: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    tables: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith(" "):
            if tables:
                tables[-1][1].append(line[1:])
            continue
        name, _, value = line.partition(" ")
        if name == "table":
            tables.append((value, []))
        elif name in {"timer", "program", "manual", "part", "gone"}:
            lists.setdefault(name, []).append(value)
        else:
            values[name] = value
    by_hand = (posixpath.basename(path).removesuffix(".conf") for path in lists.get("manual", ()))
    return Schedule(
        values,
        tuple(dict.fromkeys(lists.get("timer", ()))),
        tuple(clean(path, 200) for path in lists.get("program", ())),
        tuple(clean(name, 253).lower() for name in by_hand)[:64],
        tuple((head, tuple(lines)) for head, lines in tables),
        tuple(lists.get("part", ())),
        frozenset(lists.get("gone", ())),
    )
