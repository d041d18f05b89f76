"""What starts a program again that no service of systemd has: a manager of processes above it, a
signal of its own, or the command by which it runs. Of what program_starter.sh prints. No I/O."""

import posixpath
from collections.abc import Mapping, Sequence

from diagnose.model.frozen import frozen
from diagnose.model.processes import Starter, StarterKind
from diagnose.parsers.sanitize import clean

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
#: The class by which catalina.sh starts Tomcat.
_TOMCAT = "org.apache.catalina.startup.Bootstrap"
#: Longest path or word.
_MAX = 300
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
    which are its arguments unless it wrote over them, its file, and variables of managers."""

    endpoint: str
    digest: str = ""
    title: tuple[str, ...] = ()
    file: str = ""
    user: str = ""
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
        elif word != "title":
            facts.setdefault(word, clean(rest, _MAX))
        elif word not in facts:
            facts[word] = rest
    title = [clean(each, _MAX) for each in facts.get("title", "").split("\037")[:60] if each]
    return starter_of(
        StartFacts(
            facts.get("endpoint", ""), facts.get("digest", ""), tuple(title),
            facts.get("program", ""), facts.get("user", ""), facts.get("pm2", ""), managers, above,
        )
    )  # fmt: skip


def starter_of(facts: StartFacts) -> Starter | None:
    """Return what starts the program again; None if that is not known."""
    if not facts.endpoint or not facts.digest or not facts.title:
        return None
    managed = _managed(facts)
    if managed is not None:
        return managed
    # nodemon waits for a change of a file after its program has ended.
    if any("nodemon" in each.words for each in facts.above):
        return None
    base = Starter("command", facts.endpoint, facts.digest)
    signal = _signal(facts.title)
    if signal:
        return Starter("signal", facts.endpoint, facts.digest, signal)
    managers = facts.managers or {}
    if is_written_over(facts):
        script = managers.get("npm_lifecycle_event", "")
        words = ("npm", "run", script) if script else ()
        return Starter("command", facts.endpoint, facts.digest, words=words) if words else None
    home = next((each[16:] for each in facts.title if each.startswith("-Dcatalina.home=")), "")
    if _TOMCAT in facts.title and home and managers.get("CATALINA_PID"):
        # It writes the file with the number of the process, which its stop reads.
        words = ("sh", f"{home}/bin/catalina.sh", "start")
        return Starter("command", facts.endpoint, facts.digest, words=words)
    return base


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
    return len(facts.title) == 1 and "/" not in first and names[0] != names[1]
