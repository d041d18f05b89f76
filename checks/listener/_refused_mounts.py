"""The remedy for a container that ended because of what is mounted into it: a folder that its user
may not write, a folder in the place of a file, or a script with the line ends of Windows."""

import re
from dataclasses import replace

from checks.listener._compose_edits import compose_steps, mount_change
from checks.listener._containers import folder_for_file, has_failed
from diagnose.model import Applicability, Command, Edit, Evidence, Fix, commands
from diagnose.model.containers import BindMount, Container, Containers, DeniedFolder, MisplacedFile

#: Folders that are never given away with all below them: those of the system, whole homes and whole
#: disks, and what holds the files of an engine or certificates.
_KEPT = re.compile(
    r"/(?:etc|usr|bin|sbin|lib\w*|boot|dev|proc|sys|run|snap|var/(?:run|log|spool|cache|lock|mail)"
    r"|var/lib/(?:docker|containers?|containerd|dpkg|apt|rpm|systemd|letsencrypt|mysql|postgresql))"
    r"(?:/.*)?"
    r"|/[^/]*|/(?:home|var|mnt|media|Users|volume\d+)/[^/]*"
)


def may_be_given(folder: str) -> bool:
    """Return whether a folder of the server may be given to another user with all below it."""
    is_plain = folder.startswith("/") and "//" not in folder and "/../" not in f"{folder}/"
    return is_plain and not _KEPT.fullmatch(folder.rstrip("/") or "/")


def mount_facts(evidence: Evidence, container: Container) -> dict[str, object]:
    """Return the folder that the remedy gives to a container's user, or the file that it mounts in
    the place of a folder; "" for what is not so."""
    denied = _given_folder(evidence, container)
    file = _right_file(container) if _mounting_steps(evidence, container) else None
    return {
        "given_folder": denied.source if denied else "",
        "given_user": denied.user if denied else "",
        "given_path": denied.path if denied else "",
        "right_file": file.path if file else "",
        "crlf_script": _crlf_script(container),
    }


def refused_mount_fix(evidence: Evidence, container: Container) -> Fix | None:
    """Return the remedy; None if it is not known."""
    if steps := _mounting_steps(evidence, container):
        return Fix(steps, Applicability.REVIEW)
    is_tried_again = container.state == "restarting"
    start = commands.restart_container if is_tried_again else commands.start_container
    if script := _crlf_script(container):
        without = replace(commands.rewrite(script, ("s/\\r$//",)), outside=True)
        return Fix((without, start(container.engine, container.name)), Applicability.REVIEW)
    denied = _given_folder(evidence, container)
    if denied is None:
        return None
    given = commands.chown_tree(denied.user, denied.source, outside=True)
    return Fix((given, start(container.engine, container.name)), Applicability.REVIEW)


def _crlf_script(container: Container) -> str:
    """Return the only mounted script whose line ends are those of Windows: the kernel looks for an
    interpreter with a carriage return in its name (execve(2)). "" if there is none, or several."""
    scripts = container.crlf_scripts if has_failed(container) else ()
    return scripts[0] if len(scripts) == 1 else ""


def _given_folder(evidence: Evidence, container: Container) -> DeniedFolder | None:
    """Return the folder, unless another container that ended was denied it, too."""
    denied = container.denied if has_failed(container) else None
    if denied is None or not may_be_given(denied.source):
        return None
    users = {
        other.denied.user
        for containers in evidence.good(Containers)
        for other in containers.containers
        if other.denied and f"{other.denied.source}/".startswith(f"{denied.source}/")
    }
    return denied if users <= {denied.user} else None


def _right_file(container: Container) -> MisplacedFile | None:
    folder = folder_for_file(container)
    files = (each for each in container.misplaced if folder and each.source == folder.source)
    return next(files, None)


def _is_inside_another(container: Container, mount: BindMount) -> bool:
    """Return whether the point of a mount is in another mounted folder: the engine has made a
    folder there, too, over which no file can be mounted."""
    return any(
        mount.point.startswith(f"{other.point.rstrip('/')}/")
        for other in container.folders
        if other.point != mount.point
    )


def _mounting_steps(evidence: Evidence, container: Container) -> tuple[Edit | Command, ...]:
    """Return the steps that mount the file in the place of the folder; () if it is not known."""
    folder, file = folder_for_file(container), _right_file(container)
    if folder is None or file is None or _is_inside_another(container, folder):
        return ()
    change = mount_change(container, folder, BindMount(folder.point, file.path))
    return compose_steps(evidence, (container, change))
