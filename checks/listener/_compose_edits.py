"""The remedy that changes a compose file and makes its containers anew, and the edit of a file that
a web server's container mounts, beside it."""

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import replace

from checks.listener._containers import compose_words
from diagnose.checking.container_fixes import edit_steps
from diagnose.model import Applicability, Command, Edit, Evidence, Fix, Manual, Where
from diagnose.model.containers import (
    BindMount,
    ComposeFile,
    Container,
    ContainerPort,
    Containers,
    NginxContainer,
)
from diagnose.model.steps import Effect, Risk

#: The name by which a container can be told the server. Podman knows its own without a line.
SERVER_NAMES = {"docker": "host.docker.internal"}
#: Changes the text of a compose file for a service: the same text if it is so already, "" if that
#: cannot be done.
ComposeEdit = Callable[[str, str], str]


def container_by_id(evidence: Evidence, digest: str) -> Container | None:
    """Return a container as its engine lists it; None if none does."""
    return next(
        (
            container
            for containers in evidence.good(Containers)
            for container in containers.containers
            if digest and container.id == digest
        ),
        None,
    )


def compose_text(evidence: Evidence, container: Container) -> str:
    """Return the compose file of a container, as far as it was read; "" if it has none, or has
    several, of which the last that has a line counts."""
    compose = container.compose
    if compose is None or len(compose.files) != 1:
        return ""
    # Paths in the file begin at its folder, unless somebody chose another one for the project.
    if compose.folder.rstrip("/") not in {"", posixpath.dirname(compose.files[0])}:
        return ""
    files = (file for file in evidence.good(ComposeFile) if file.path == compose.files[0])
    return next((file.text for file in files), "")


def compose_edits(
    evidence: Evidence, changes: Iterable[tuple[Container, ComposeEdit]]
) -> tuple[Edit, ...] | None:
    """Return the edits of the compose files of these containers; () if the files have all of it
    already, None if one of the changes cannot be made."""
    # Imported late: few sites need it.
    from diagnose.parsers.compose_edits import opens_to_all
    from diagnose.parsers.compose_files import compose_diff

    before: dict[str, str] = {}
    after: dict[str, str] = {}
    risks: dict[str, Risk] = {}
    for container, change in changes:
        compose = container.compose
        if compose is None or not (text := compose_text(evidence, container)):
            return None
        path = compose.files[0]
        before[path] = text
        after[path] = change(after.get(path, text), compose.service)
        if not after[path]:
            return None
        if opens_to_all(text, after[path], compose.service):
            risks[path] = Risk.OPENS_TO_ALL
    diffs = ((path, compose_diff(path, before[path], text)) for path, text in after.items())
    return tuple(
        Edit(path, diff, outside=True, risk=risks.get(path, Risk.EDITS_FILES))
        for path, diff in diffs
        if diff
    )


def up_commands(*containers: Container, anew: bool = False) -> tuple[Command, ...]:
    """Return what makes containers anew, as their compose files say; () if one has none. Data that
    is not in a volume is lost in a container that is made anew: that is never automatic. The same
    command undoes it once the file is as it was. `anew`: also one that fits its file."""
    flags = ("--force-recreate",) if anew else ()
    words = {compose_words(container, "up", "-d", *flags): None for container in containers}
    return () if () in words else tuple(Command(each, Effect.RESTART) for each in words)


def compose_steps(
    evidence: Evidence, *changes: tuple[Container, ComposeEdit]
) -> tuple[Edit | Command, ...]:
    """Return the edits of compose files, and what makes the containers anew; () if one of them is
    not possible: half a remedy is none."""
    file_edits = compose_edits(evidence, changes)
    commands = up_commands(*(container for container, _ in changes))
    return (*file_edits, *commands) if file_edits is not None and commands else ()


def mounted_edits(edits: Iterable[Edit], proxy: NginxContainer) -> tuple[Edit | Command, ...]:
    """Return edits of the web server's files at their paths on the server; () if one of them is in
    the image alone, for a container that is made anew has lost it."""
    steps: list[Edit | Command] = []
    for edit in edits:
        if not proxy.source_of(edit.path):
            return ()
        steps += edit_steps(edit, proxy)
    return tuple(replace(step, outside=True) if isinstance(step, Edit) else step for step in steps)


def network_change(container: Container, network: str) -> tuple[Container, ComposeEdit]:
    """Return the change that gives a container's service a network, by the engine's name for it."""
    project = container.compose.project if container.compose else ""

    def change(text: str, service: str) -> str:
        from diagnose.parsers.compose_networks import network_key, with_network

        key = network_key(text, project, network)
        return with_network(text, service, key or network, "" if key else network)

    return container, change


def host_change(name: str) -> ComposeEdit:
    """Return the change by which a name means the server itself in a container."""

    def change(text: str, service: str) -> str:
        from diagnose.parsers.compose_edits import with_extra_host

        return with_extra_host(text, service, name)

    return change


def unnamed_change(name: str) -> ComposeEdit:
    """Return the change that takes a name out of `extra_hosts`: the engine's own meaning counts."""

    def change(text: str, service: str) -> str:
        from diagnose.parsers.compose_edits import without_extra_host

        return without_extra_host(text, service, name)

    return change


def published_change(mapping: ContainerPort, address: str, inner: int) -> ComposeEdit:
    """Return the change by which a port is published at an address ("" for all of them) and leads
    to another port of the container."""

    def change(text: str, service: str) -> str:
        from diagnose.parsers.compose_edits import with_published

        outer = mapping.port or mapping.inner
        return with_published(text, service, (outer, mapping.inner), (address, outer, inner))

    return change


def new_port_change(published: str) -> ComposeEdit:
    """Return the change that publishes a port: "127.0.0.1:3000:3000"."""

    def change(text: str, service: str) -> str:
        from diagnose.parsers.compose_edits import with_port

        return with_port(text, service, published)

    return change


def mount_change(container: Container, old: BindMount, new: BindMount) -> ComposeEdit:
    """Return the change by which a container sees another file or folder, or at another path."""
    folder = posixpath.dirname(container.compose.files[0]) if container.compose else ""

    def change(text: str, service: str) -> str:
        from diagnose.parsers.compose_edits import with_moved_mount

        before, after = (old.source, old.point), (new.source, new.point)
        return with_moved_mount(text, service, folder, before, after)

    return change


def mount_fix(evidence: Evidence, own: NginxContainer, new: BindMount, old_point: str) -> Fix:
    """Return the change by which the web server's container sees a file or folder of the server in
    the place of what is mounted at `old_point`; the step `mount-it-there` for a person where two
    mounts would have one path, or it is no mount of its own."""
    container, old = container_by_id(evidence, own.digest), own.mount_of(old_point)
    is_own = old is not None and old.point.rstrip("/") == old_point.rstrip("/")
    is_taken = any(
        mount.point.rstrip("/") == new.point.rstrip("/") and mount is not old
        for mount in own.mounts
    )
    if container is None or old is None or not is_own or is_taken:
        return compose_fix(evidence, "mount-it-there")
    return compose_fix(evidence, "mount-it-there", (container, mount_change(container, old, new)))


def new_mount_change(volume: str) -> ComposeEdit:
    """Return the change that mounts something more: "/a:/b:ro"."""

    def change(text: str, service: str) -> str:
        from diagnose.parsers.compose_edits import with_mount

        return with_mount(text, service, volume)

    return change


def variable_change(name: str, value: str) -> ComposeEdit:
    """Return the change that gives a service a variable."""

    def change(text: str, service: str) -> str:
        from diagnose.parsers.compose_variables import with_variable

        return with_variable(text, service, name, value)

    return change


def host_network_change(text: str, service: str) -> str:
    """Give a service the server's own network, in which 127.0.0.1 is the server."""
    from diagnose.parsers.compose_networks import with_host_network

    return with_host_network(text, service)


def listening_change(text: str, service: str) -> str:
    """Let the program of a service listen on all addresses of its container."""
    from diagnose.parsers.compose_edits import with_open_listening

    return with_open_listening(text, service)


def compose_fix(evidence: Evidence, step: str, *changes: tuple[Container, ComposeEdit]) -> Fix:
    """Return the change of compose files and what makes the containers anew; the step of this name
    for a person where that is not possible."""
    steps = compose_steps(evidence, *changes) if changes else ()
    if not steps:
        return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    return Fix(steps, Applicability.REVIEW)
