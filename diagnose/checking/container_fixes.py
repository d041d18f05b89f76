"""Remedies for a web server in a container: where its files are on the server, and never automatic.

Checks write a remedy for the server that they see. If it runs in a container, the paths are those
of the container. A file that the server lends to it is edited there; a file of its image is copied
out and back by the engine. The packet filter is the server's own: its programs and files are there.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from diagnose.model import Applicability, Claim, Command, Edit, Effect, Evidence, Fix, Manual, Step
from diagnose.model.containers import NginxContainer
from diagnose.model.steps import Risk

#: The layers whose findings are about nginx, its files and what it reaches.
_LAYERS = frozenset({"nginx", "server", "certificate", "upstream", "http", "websocket"})

#: Programs that change the server's packet filter.
_FIREWALLS = frozenset(
    {"ufw", "firewall-cmd", "nft", "iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy"}
)


def nginx_container(evidence: Evidence) -> NginxContainer | None:
    """Return the container in which the observed nginx runs, if it does."""
    return next(iter(evidence.good(NginxContainer)), None)


def in_container(claim: Claim, layer: str, container: NginxContainer) -> Claim:
    """Return the claim with a remedy that works on the server, and with the container's name."""
    if layer not in _LAYERS or claim.fix is None or container.own_network:
        return claim
    if any(isinstance(step, Command) and step.argv[0] in _FIREWALLS for step in claim.fix.steps):
        return claim
    if any(_is_outside(step) for step in claim.fix.steps):
        return claim
    steps = tuple(
        step for fix_step in claim.fix.steps for step in _server_steps(fix_step, container)
    )
    applicability = claim.fix.applicability
    if applicability is Applicability.AUTOMATIC and _touches(steps, claim.fix.steps, container):
        applicability = Applicability.REVIEW
    file = claim.location.file if claim.location else ""
    facts = {
        "nginx_container": container.title,
        "image_file": _image_file(claim.fix, container),
        "inner_file": file,
        "server_file": container.source_of(file) if file else "",
    }
    return replace(claim, facts={**facts, **claim.facts}, fix=Fix(steps, applicability))


def _is_outside(step: Step) -> bool:
    """Return whether a step changes a file of another program, by its path on the server."""
    parts = step.commands if isinstance(step, Manual) else (step,)
    return any(isinstance(part, Edit | Command) and part.outside for part in parts)


def _touches(steps: tuple[Step, ...], before: tuple[Step, ...], container: NginxContainer) -> bool:
    """Whether a step is done in the container, or to a file of it."""
    programs = {container.engine, "nsenter"} - {""}
    return steps != before or any(
        isinstance(step, Edit) or (isinstance(step, Command) and step.argv[0] in programs)
        for step in steps
    )


def _image_file(fix: Fix, container: NginxContainer) -> str:
    """Return the first file that the fix changes and only the container's image holds; "" if there
    is none."""
    edits = [step.path for step in fix.steps if isinstance(step, Edit)]
    changed = [path for step in fix.steps if isinstance(step, Command) for path in step.changes]
    return next((path for path in (*edits, *changed) if not container.source_of(path)), "")


def _server_steps(step: Step, container: NginxContainer) -> Iterator[Step]:
    match step:
        case Edit():
            yield from edit_steps(step, container)
        case Command() if step.changes:
            yield _command(step, container)
        case Manual() if step.commands:
            inner = [
                server_step
                for part in step.commands
                for server_step in _server_steps(part, container)
            ]
            commands = tuple(step for step in inner if isinstance(step, Command | Edit))
            yield replace(step, commands=commands)
        case _:
            yield step


def edit_steps(edit: Edit, container: NginxContainer) -> Iterator[Edit | Command]:
    """Yield the steps that change a file of a container: at its path on the server, or by a
    copy."""
    mount, source = container.mount_of(edit.path), container.source_of(edit.path)
    copy = posixpath.join("/root", posixpath.basename(edit.path))
    if mount and mount.point == edit.path:
        # A file that is mounted by itself must stay the same file, or the container keeps the old
        # one. patch(1) makes a new one; cp(1) writes into the one that is there.
        yield _file_copy(source, copy)
        yield replace(edit, path=copy)
        yield _file_copy(copy, source)
    elif source or not container.engine:
        yield replace(edit, path=source or f"/proc/{container.pid}/root{edit.path}")
    else:
        inner = f"{container.name}:{edit.path}"
        yield Command((container.engine, "cp", inner, copy), Effect.CHANGE, risk=Risk.EDITS_FILES)
        yield replace(edit, path=copy)
        yield Command((container.engine, "cp", copy, inner), Effect.CHANGE, risk=Risk.EDITS_FILES)


def _file_copy(source: str, target: str) -> Command:
    paths = (source, target)
    return Command(("cp", *paths), Effect.CHANGE, changes=paths, risk=Risk.EDITS_FILES)


def _source(path: str, container: NginxContainer) -> str:
    """Return where the server has a path that a command changes; "" if the image holds it. One of
    the server's own, of which the container has a part, is that already."""
    own = container.source_of(path)
    is_servers = any(f"{path}/".startswith(f"{mount.source}/") for mount in container.mounts)
    return own or (path if is_servers else "")


def _command(command: Command, container: NginxContainer) -> Command:
    """Return a command that changes files: at their paths on the server if it has all of them, else
    in the container, where nothing undoes it."""
    sources = {path: _source(path, container) for path in command.changes}
    if all(sources.values()):
        return replace(
            command,
            argv=tuple(sources.get(word, word) for word in command.argv),
            undo=tuple(sources.get(word, word) for word in command.undo),
            changes=tuple(sources.values()),
        )
    words: tuple[str, ...] = ("nsenter", "-t", str(container.pid), "-a")
    if container.engine:
        words = (container.engine, "exec", container.name)
    return replace(command, argv=(*words, *command.argv), undo=(), changes=())
