"""What checks say of a container that has ended, and how it is started again."""

import posixpath
import re
import shlex

from diagnose.model import Applicability, Command, Evidence, Fix, Manual, Where, commands
from diagnose.model.addresses import is_loopback
from diagnose.model.containers import BindMount, Container, Containers

#: A program read a folder as a file: nginx, Caddy, OpenSSL ("no start line"). The slashes of the
#: date before a message of nginx begin no path.
_READ_FOLDER = re.compile(
    r"(?<!\d)(/[^\s\"'():,]{1,400})[\"')]?[^\n]{0,120}?(is a directory|no start line)",
    re.IGNORECASE,
)

#: An engine could not mount a folder over the file that the image has (runc).
_MOUNT_REFUSED = re.compile(r'error mounting "([^"\n]{1,300})" to rootfs at "([^"\n]{1,300})"')

#: Words by which a program says that it could not go on.
_ERROR_WORDS = re.compile(
    r"\b(?:emerg|fatal|panic|error|errno|exception|traceback|denied|refused|fail(?:ed|ure|s)?"
    r"|cannot|can't|could not|unable|invalid|no such|not found|missing|unknown)\b",
    re.IGNORECASE,
)


def stopped_facts(container: Container) -> dict[str, object]:
    folder = folder_for_file(container)
    return {
        "container": container.name,
        "engine": container.engine,
        "image": container.image,
        "status": container.status or container.state,
        "last_words": container.last_words if has_failed(container) else "",
        "restarting": container.state == "restarting",
        "out_of_memory": container.out_of_memory,
        "folder_point": folder.point if folder else "",
        "folder_source": folder.source if folder else "",
        "remove_folder": shlex.join(("rmdir", folder.source)) if folder and folder.source else "",
        "other_processor": "exec format error" in container.last_words,
        "compose": compose_command(container, "up", "-d"),
        **compose_place(container),
        "recreate": compose_command(container, "up", "-d", "--force-recreate"),
        "no_restart": is_forgotten(container) and not has_failed(container),
        "policy": container.restart,
    }


def compose_command(container: Container, *words: str) -> str:
    """Return the command of docker compose for the service of a container; "" if it has none, or
    its file is not known."""
    return shlex.join(compose_words(container, *words))


def compose_words(container: Container, *words: str) -> tuple[str, ...]:
    """Return that command as its words; () if there is none."""
    compose = container.compose
    if compose is None or not compose.files:
        return ()
    program = ("docker-compose",) if compose.old else (container.engine, "compose")
    is_usual = compose.project == posixpath.basename(posixpath.dirname(compose.files[0])).lower()
    project = () if is_usual else ("-p", compose.project)
    files = (word for file in compose.files for word in ("-f", file))
    # Given one, docker compose does not look for `.env`.
    usual = (posixpath.join(posixpath.dirname(compose.files[0]), ".env"),)
    given = compose.environment if compose.environment != usual else ()
    variables = (word for file in given for word in ("--env-file", file))
    return (*program, *project, *variables, *files, *words, compose.service)


def recreating_command(evidence: Evidence, digest: str) -> str:
    """Return the command that makes a running container anew, by its id; "" if its compose file is
    not known."""
    for containers in evidence.good(Containers):
        for container in containers.running:
            if container.id == digest:
                return compose_command(container, "up", "-d")
    return ""


def compose_place(container: Container) -> dict[str, object]:
    """Return the compose file in which a container's service is written, and the service; "" if it
    has none, or has several files: which of them has a line is not known."""
    compose = container.compose
    is_one = compose is not None and len(compose.files) == 1
    return {
        "compose_file": compose.files[0] if compose and is_one else "",
        "compose_service": compose.service if compose and is_one else "",
    }


def folder_for_file(container: Container) -> BindMount | None:
    """Return the folder that a container has in the place of a file, as an engine makes one where
    the server has no file (docker-run(1), "--volume"); None if its last words say nothing of it.
    `source` is "" if it is not known."""
    words = container.last_words if has_failed(container) else ""
    sources = {mount.point: mount for mount in container.folders}
    if refused := _MOUNT_REFUSED.search(words):
        mount = sources.get(refused[2])
        is_told = "not a directory" in words
        return mount or (BindMount(refused[2], refused[1]) if is_told else None)
    if read := _READ_FOLDER.search(words):
        is_told = read[2].lower() == "is a directory"
        return sources.get(read[1]) or (BindMount(read[1], "") if is_told else None)
    return None


def is_called(container: Container, host: str) -> bool:
    """Whether a host is the container: by its name, or by its service in a compose file, which
    names containers PROJECT-SERVICE-1 unless it has another name for them."""
    if not host or is_loopback(host):
        return False
    if container.compose is not None and host == container.compose.service:
        return True
    return bool(re.search(rf"(?:^|[-_]){re.escape(host)}(?:[-_]\d+)?$", container.name))


def stopped_by_name(containers: Containers, host: str) -> Container | None:
    """Return the stopped container that a host names, unless one that runs has the name too."""
    if any(is_called(container, host) for container in containers.running):
        return None
    return next((container for container in containers.stopped if is_called(container, host)), None)


def is_forgotten(container: Container) -> bool:
    """Whether its engine does not start it after a boot, by its restart policy (docker-run(1),
    "--restart"; Docker's documentation, "Start containers automatically")."""
    return container.restart == "no" or container.restart.partition(":")[0] == "on-failure"


def has_failed(container: Container) -> bool:
    """Whether its program ended by itself, or could not start: it would end again."""
    clean_end = container.status.startswith(("Exited (0)", "Exited (137)", "Exited (143)"))
    clean_end = clean_end or _is_lost(container)
    return (
        container.state in {"restarting", "dead"}
        or (container.state == "exited" and not clean_end)
        or container.out_of_memory
        or container.not_started
    )


def _is_lost(container: Container) -> bool:
    """Whether its engine lost sight of it, as when the power of the server failed (containerd gives
    such a task the code 255), and it wrote no error before."""
    is_unknown = container.status.startswith("Exited (255)") and is_forgotten(container)
    return is_unknown and not _ERROR_WORDS.search(container.last_words)


def start_fix(container: Container, step: str = "repair") -> Fix:
    """Start it; if it failed, first read why, as a step of the page says."""
    start = commands.start_container(container.engine, container.name)
    if not has_failed(container):
        # Somebody may have stopped it on purpose.
        return Fix((start,), Applicability.REVIEW)
    restart_commands: tuple[Command, ...] = (
        commands.restart_container(container.engine, container.name)
        if container.state == "restarting"
        else start,
    )
    return Fix((Manual(step, Where.SERVER, commands=restart_commands),), Applicability.MANUAL)
