"""What starts a program again that no service of systemd has: a manager of processes above it, a
signal of its own, its parent, or the command line by which it runs. Of what program_starter.sh
prints. No I/O."""

import posixpath
import re
from collections.abc import Mapping, Sequence

from diagnose.model.frozen import frozen
from diagnose.model.processes import Starter, StarterKind
from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import may_hold_secret

#: Programs that load their source anew by a signal to their master, by the name of their script or
#: the first word of their title (gunicorn(1), Puma's "Restart", uWSGI's "Managing the server",
#: Unicorn's SIGNALS, php-fpm(8)).
_SIGNALS = {
    "gunicorn": "HUP",
    "uwsgi": "HUP",
    "uwsgi-core": "HUP",
    "unicorn": "HUP",
    "puma": "USR2",
    "php-fpm": "USR2",
}
#: Words of a process above a program that starts it again when it ends: a loop of a shell, forever.
_LOOP = re.compile(r"\b(?:while|until|for)\b.*\bdo\b|\bforever/")
_SHELLS = {"sh", "dash", "bash", "ash", "ksh", "zsh"}
#: Variables of a program that a reloader watches, which is above it and does not end with it.
_WATCHED = {"WERKZEUG_RUN_MAIN", "RUN_MAIN", "DJANGO_AUTORELOAD_ENV"}
#: Longest path or word.
_MAX = 300
#: Longest command line that a person can still read.
_LONGEST = 600
_SUPERVISORD = "/etc/supervisor/supervisord.conf"


@frozen
class Ancestor:
    """A process above a program: its name, its folder and its arguments in one text."""

    name: str
    folder: str
    words: str


@frozen
class StartFacts:
    """What program_starter.sh tells of the topmost process of a program: the words of its title,
    which are its arguments unless it wrote over them, its file, its user, the number of its group,
    its folder, the file of its output, how many processes have its command line, and variables of
    managers."""

    endpoint: str
    digest: str = ""
    title: tuple[str, ...] = ()
    file: str = ""
    user: str = ""
    group: str = ""
    folder: str = ""
    output: str = ""
    alike: str = ""
    pm2: str = ""
    managers: Mapping[str, str] | None = None
    above: Sequence[Ancestor] = ()


def parse_starter(text: str) -> Starter | None:
    """Return what starts a program again, from the output of program_starter.sh."""
    facts, managers = dict[str, str](), dict[str, str]()
    above = list[Ancestor]()
    for line in text.split("\n")[:400]:
        word, _, rest = line.partition(" ")
        if word == "manager":
            name, _, value = rest.partition("=")
            managers[clean(name, 80)] = clean(value, _MAX)
        elif word == "above":
            name, folder, words = (*rest.split(" ", 2), "", "")[:3]
            above.append(Ancestor(clean(name, 40), clean(folder, _MAX), clean(words, _MAX)))
        else:
            facts.setdefault(word, rest)
    title = tuple(facts.pop("title", "").removesuffix("\037").split("\037")[:60])
    # A path or word that is not shown as it is cannot be in a command.
    shown = {word: rest for word, rest in facts.items() if rest == clean(rest, _MAX)}
    return starter_of(
        StartFacts(
            shown.get("endpoint", ""), shown.get("digest", ""), title, shown.get("program", ""),
            shown.get("user", ""), shown.get("group", ""), shown.get("folder", ""),
            shown.get("output", ""), shown.get("alike", ""), shown.get("pm2", ""), managers, above,
        )
    )  # fmt: skip


def starter_of(facts: StartFacts) -> Starter | None:
    """Return what starts the program again; None if that is not known."""
    if not facts.endpoint or not facts.digest or not "".join(facts.title):
        return None
    managed = _managed(facts)
    if managed is not None:
        return managed
    signal = _signal(facts.title)
    if signal:
        return Starter("signal", facts.endpoint, facts.digest, signal)
    return _by_command_line(facts)


def _by_command_line(facts: StartFacts) -> Starter | None:
    """Return the command line that starts the program again, or its parent that does so; None if it
    does not suffice, must not be shown, or is not that program's alone."""
    if facts.alike != "1" or not _is_whole(facts) or is_written_over(facts):
        return None
    if may_hold_secret(" ".join(facts.title)) or _WATCHED & set(facts.managers or {}):
        return None
    parent = _parent(facts.above)
    port = int(facts.endpoint) if facts.endpoint.isdecimal() else 0
    # A port below 1024 takes a right that setpriv(1) does not keep.
    is_low = 0 < port < 1024 and facts.user != "root"
    is_placed = facts.folder.startswith("/") and not facts.folder.endswith(" (deleted)")
    is_known = facts.user not in {"", "UNKNOWN"} and facts.group.isdecimal()
    if parent is None or is_low or not is_placed or not is_known:
        return None
    return Starter(
        "parent" if parent else "command", facts.endpoint, facts.digest, user=facts.user,
        words=tuple(facts.title), group=facts.group, folder=facts.folder, output=facts.output,
    )  # fmt: skip


def _is_whole(facts: StartFacts) -> bool:
    """Return whether the words are all arguments of the program, as they are. Each ends with NUL
    (proc_pid_cmdline(5))."""
    size = sum(len(word) + 1 for word in facts.title)
    is_plain = all(word.isascii() and word == clean(word, _MAX) for word in facts.title)
    return is_plain and size <= _LONGEST and facts.digest.endswith(f"-{size}")


def _parent(above: Sequence[Ancestor]) -> bool | None:
    """Return whether a process above the program starts it again by itself; None if that is not
    known: a script, a loop that is not shown as a whole, or a program that watches files."""
    for process in above:
        words = process.words.split()
        if "nodemon" in process.words:
            return None
        if _LOOP.search(process.words):
            return True
        # A shell with a script, or with a text that was cut.
        option = words[1] if words[1:] else "-i"
        is_script = not option.startswith("-") or (
            option[1:] not in {"i", "l", "-login"} and "c" not in option
        )
        if process.name in _SHELLS and (is_script or len(process.words) >= _MAX - 2):
            return None
    return False


def _managed(facts: StartFacts) -> Starter | None:
    managers, names = facts.managers or {}, {each.name: each for each in facts.above}
    process, group = (managers.get(f"SUPERVISOR_{each}_NAME", "") for each in ("PROCESS", "GROUP"))
    if "supervisord" in names and process:
        words = names["supervisord"].words.split()
        file = words[words.index("-c") + 1] if "-c" in words[:-1] else ""
        home = file if file != _SUPERVISORD else ""
        return _by("supervisor", facts, f"{group or process}:{process}", home=home)
    is_under_pm2 = any(name.startswith("PM2-v") for name in names)
    if is_under_pm2 and facts.pm2 and managers.get("pm_id") and managers.get("PM2_HOME"):
        return Starter(
            "pm2", facts.endpoint, facts.digest, managers["pm_id"], facts.pm2,
            managers["PM2_HOME"], facts.user,
        )  # fmt: skip
    if "runsv" in names:
        return _by("runit", facts, home=names["runsv"].folder)
    if "s6-supervise" in names:
        return _by("s6", facts, home=names["s6-supervise"].folder)
    if managers.get("RC_SVCNAME"):
        return _by("openrc", facts, managers["RC_SVCNAME"])
    if managers.get("MONIT_SERVICE"):
        return _by("monit", facts, managers["MONIT_SERVICE"])
    return None


def _by(kind: StarterKind, facts: StartFacts, name: str = "", home: str = "") -> Starter | None:
    if not name and not home.startswith("/"):
        return None
    return Starter(kind, facts.endpoint, facts.digest, name, home=home)


def _signal(title: Sequence[str]) -> str:
    """Return the signal with which the program's master loads its source again, "" if none is known
    or if it keeps the source ("--preload")."""
    if "--preload" in title or "--preload-app" in title:
        return ""
    first = title[0].partition(" ")[0].rstrip(":")
    names = [posixpath.basename(word) for word in (first, *title[1:2])]
    if first == "php-fpm" and "master" not in title[0]:
        return ""
    return next((_SIGNALS[name] for name in names if name in _SIGNALS), "")


def is_written_over(facts: StartFacts) -> bool:
    """Return whether the program has written a title over its arguments (`process.title`,
    setproctitle): they cannot start it."""
    first = facts.title[0]
    if " " in first:
        return first != facts.file
    names = (posixpath.basename(first), posixpath.basename(facts.file))
    return not "".join(facts.title[1:]) and "/" not in first and names[0] != names[1]
