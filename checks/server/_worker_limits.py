"""How many requests Apache answers at once: "MaxRequestWorkers" of its MPM, and the edit that
raises it (mpm_common; event, worker, prefork)."""

from collections.abc import Iterable, Iterator, Sequence

from checks.server import ServerView, file_rows, indentation, line_edit, reload_steps
from diagnose.model import Applicability, Edit, Fix, commands
from diagnose.model.frozen import frozen
from diagnose.parsers.apache.config import Directive, parse

#: "ServerLimit" and "ThreadsPerChild" where nothing is written, and the largest "ServerLimit".
_PROCESSES, _PREFORK_PROCESSES, _THREADS, _MOST = 16, 256, 25, 20_000
#: How much more a raised limit is at least, and at most: a process of prefork needs much memory.
_LEAST, _MORE, _MORE_PROCESSES = 1.5, 4, 2
_NAMES = {
    "maxrequestworkers": "workers",
    "maxclients": "workers",
    "serverlimit": "processes",
    "threadsperchild": "threads",
}


@frozen
class _Line:
    file: str
    number: int
    value: int


@frozen
class WorkerLimits:
    """The limits in force, and those that are wanted. `workers` is the number of requests at once,
    `processes` that of the processes, which have one or more threads."""

    lines: dict[str, _Line]
    workers: int
    processes: int
    wanted_workers: int
    wanted_processes: int


def worker_limits(view: ServerView, is_scoreboard: bool) -> WorkerLimits | None:
    """Return the limits of the loaded MPM; None if a limit has several lines, or the MPM is not
    known. `is_scoreboard`: processes that end keep the places of new ones (AH03490)."""
    modules = set(view.config.modules if view.config else ())
    is_prefork = "mpm_prefork" in modules
    lines = _lines(view, modules)
    if lines is None or not modules & {"mpm_event", "mpm_worker", "mpm_prefork"}:
        return None
    values = {name: line.value for name, line in lines.items()}
    threads = 1 if is_prefork else values.get("threads", _THREADS)
    processes = values.get("processes", _PREFORK_PROCESSES if is_prefork else _PROCESSES)
    workers = values.get("workers", processes * threads)
    if not 0 < workers <= processes * threads or threads < 1:
        return None
    factor = _MORE_PROCESSES if is_prefork else _MORE
    if is_scoreboard:
        wanted, places = workers, processes * factor
    elif processes * threads >= _LEAST * workers:
        wanted, places = min(processes * threads, factor * workers), processes
    else:
        wanted = factor * workers // threads * threads
        places = max(processes, wanted // threads)
    if places > _MOST:
        return None
    return WorkerLimits(lines, workers, processes, wanted, places)


def worker_fix(view: ServerView, limits: WorkerLimits) -> Fix | None:
    """Return the fix that raises the limits. Only a restart takes another "ServerLimit", and ends
    the requests that wait; None where the service is not known and that is needed."""
    edit = _edit(view, limits)
    is_restarted = bool(view.server.unit) and view.server.start[:1] == ("systemctl",)
    if edit is None or (limits.wanted_processes != limits.processes and not is_restarted):
        return None
    test, *reload = reload_steps(view.server)
    steps = [commands.restart_service(view.server.unit)] if is_restarted else reload
    return Fix((edit, test, *steps), Applicability.REVIEW)


def _edit(view: ServerView, limits: WorkerLimits) -> Edit | None:
    """Return the edit of the lines; new lines stand with the others, or else before the site."""
    wanted = {}
    if limits.wanted_processes != limits.processes:
        wanted["processes"] = f"ServerLimit {limits.wanted_processes}"
    if limits.wanted_workers != limits.workers:
        wanted["workers"] = f"MaxRequestWorkers {limits.wanted_workers}"
    site = next(iter(view.answering_sites), None)
    beside = limits.lines.get("workers") or limits.lines.get("processes")
    path = beside.file if beside else site.file if site else ""
    file = view.config.file(path) if view.config else None
    own = {limits.lines[name]: text for name, text in wanted.items() if name in limits.lines}
    if file is None or any(line.file != path for line in own):
        return None
    rows = file_rows(view, file)
    changes: dict[int, tuple[str, ...]] = {}
    new = [text for name, text in wanted.items() if name not in limits.lines]
    for line, text in own.items():
        changes[line.number] = (f"{indentation(rows[line.number - 1])}{text}",)
    place = beside.number if beside else site.line if site else 0
    if new and not 0 < place <= len(rows):
        return None
    if new:
        row = rows[place - 1]
        added = tuple(f"{indentation(row)}{text}" for text in new)
        changes[place] = (*added, *changes.get(place, (row,)))
    return line_edit(view, path, changes)


def _lines(view: ServerView, modules: set[str]) -> dict[str, _Line] | None:
    """Return the line of each limit; None if one has several."""
    lines: dict[str, _Line] = {}
    for file in view.config.files if view.config else ():
        for directive in _in_force(parse(file.text, file.path), modules):
            name = _NAMES[directive.name]
            if name in lines or not directive.args or not directive.args[0].isdecimal():
                return None
            lines[name] = _Line(file.path, directive.line, int(directive.args[0][:9]))
    return lines


def _in_force(directives: Sequence[Directive], modules: set[str]) -> Iterator[Directive]:
    """Yield the lines of limits outside of sections, and in those of a loaded module."""
    waiting: list[Iterable[Directive]] = [directives]
    while waiting:
        for directive in waiting.pop():
            if directive.name in _NAMES and directive.block is None:
                yield directive
            elif directive.name == "ifmodule" and directive.block and directive.args:
                condition = directive.args[0]
                name = condition.removeprefix("!").removeprefix("mod_").removesuffix(".c")
                is_loaded = name.removesuffix("_module") in modules
                if is_loaded is not condition.startswith("!"):
                    waiting.append(directive.block)
