"""The Unix sockets on which programs of this server listen, in place of the address that nginx's
configuration names.

A program is recognised by the path of its socket: the packages of PHP-FPM, uWSGI, Gunicorn and
their like name the socket or its folder after it.
"""

import posixpath
from collections.abc import Iterable

from checks.nginx import Nginx
from checks.upstream import Backend
from diagnose.model import Command, commands
from diagnose.model.frozen import frozen
from diagnose.model.server import Listeners
from diagnose.model.upstream import UpstreamSocket
from diagnose.parsers.linux import file_permissions
from diagnose.parsers.nginx.config import walk

#: Parts of the path of a socket, by program. Gunicorn's name contains Unicorn's.
_PROGRAMS = {
    "PHP-FPM": ("php", "fpm"),
    "fcgiwrap": ("fcgiwrap",),
    "uWSGI": ("uwsgi",),
    "Gunicorn": ("gunicorn",),
    "Uvicorn": ("uvicorn",),
    "Unicorn": ("unicorn",),
    "Puma": ("puma",),
}
_HTTP_PROGRAMS = {"Gunicorn", "Uvicorn", "Unicorn", "Puma"}

#: Folders in which the sockets of all kinds of programs are.
_SHARED_FOLDERS = {"/run", "/tmp", "/var/tmp", "/dev/shm", "/"}


@frozen
class OtherSockets:
    """The sockets on which the application may listen, and the program that they are named after
    ("" if unknown)."""

    paths: tuple[str, ...] = ()
    program: str = ""

    @property
    def only(self) -> str:
        """The socket, if there is exactly one."""
        return self.paths[0] if len(self.paths) == 1 else ""


def other_sockets(
    nginx: Nginx, backend: Backend, path: str, paths: tuple[str, ...]
) -> OtherSockets:
    """Return those of the listening sockets on which the application may listen whose own socket
    cannot be used: of the same name, of the same program, else in the same folder, if that is the
    application's own."""
    others = [other for other in paths if _real(other) != _real(path)]
    name, folder = posixpath.basename(path), posixpath.dirname(_real(path))
    program = _program(path) or _spoken_program(backend)
    same_name = tuple(other for other in others if posixpath.basename(other) == name)
    if len(same_name) == 1:
        return OtherSockets(same_name, program)
    if program and (of_program := _of_program(nginx, {program}, others)):
        return OtherSockets(of_program, program)
    if program == "PHP-FPM":
        return OtherSockets()
    in_folder = (other for other in others if posixpath.dirname(_real(other)) == folder)
    beside = tuple(other for other in in_folder if not is_used(nginx, other))
    if beside and folder not in _SHARED_FOLDERS:
        return OtherSockets(beside)
    # A guide of another age has the socket in the project's folder: systemd makes it below /run.
    speaking = _of_program(nginx, _HTTP_PROGRAMS, others)
    if program or not speaking or not backend.proxy_target.speaks_http:
        return OtherSockets()
    return OtherSockets(speaking, _program(speaking[0]) if len(speaking) == 1 else "")


def sockets_of_port(nginx: Nginx, backend: Backend, paths: tuple[str, ...]) -> OtherSockets:
    """Return those of the listening sockets on which the application may listen whose port refuses.
    Those that answer HTTP are left out if another directive leads there: they belong to another
    application. If the program listens on a port, too, nobody knows which is meant."""
    program = _spoken_program(backend)
    if program:
        word = _PROGRAMS[program][-1]
        has_port = any(
            word in (socket.process or "")
            for snapshot in nginx.evidence.good(Listeners)
            for socket in snapshot.sockets
        )
        sockets = _of_program(nginx, {program}, paths)
        return OtherSockets(sockets, program) if sockets and not has_port else OtherSockets()
    if not backend.proxy_target.speaks_http:
        return OtherSockets()
    sockets = _of_program(nginx, _HTTP_PROGRAMS, paths)
    return OtherSockets(sockets, _program(sockets[0])) if sockets else OtherSockets()


def php_sockets(paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of the listening sockets that are PHP-FPM's."""
    return tuple(path for path in paths if _program(path) == "PHP-FPM")


def other_php_sockets(path: str, listening: Iterable[str]) -> tuple[str, ...]:
    """Return the sockets of PHP-FPM that are not the one at this path, which is PHP-FPM's by its
    name: those of the same name alone, if there are any."""
    if _program(path) != "PHP-FPM":
        return ()
    others = tuple(other for other in php_sockets(listening) if _real(other) != _real(path))
    name = posixpath.basename(path)
    return tuple(other for other in others if posixpath.basename(other) == name) or others


def group_command(socket: UpstreamSocket | None) -> Command | None:
    """Add the server's user to the socket's group, if that opens the whole path.

    It keeps working when the application creates its socket again. The group root is excluded,
    because it would give too many rights.
    """
    if socket is None or socket.user is None or not socket.above or not all(socket.names):
        return None
    group = socket.above[0].group
    member = (*socket.groups, group)
    if (
        group == 0
        or group in socket.groups
        or file_permissions.blocking_path(socket.above, socket.user, member)
    ):
        return None
    user, name = socket.names
    return commands.add_to_group(user, name)


def is_named_pool(path: str) -> bool:
    """Return whether a socket of PHP-FPM is named after one of its pools (/run/php/shop.sock): the
    pool may have a user and files of its own, which the default one has not."""
    name = posixpath.basename(path).lower()
    return _program(path) == "PHP-FPM" and not any(word in name for word in ("php", "fpm", "www"))


def is_used(nginx: Nginx, path: str) -> bool:
    """Return whether a directive leads to the socket, so that it may be another application's."""
    places = (f"unix:{path}", f"unix:{_real(path)}", f"unix:/var{_real(path)}")
    return any(
        arg.partition("://")[2].startswith(place) or arg.startswith(place)
        for directive in walk(nginx.config.main if nginx.config else ())
        if directive.name.endswith("_pass") or directive.name == "server"
        for arg in directive.args
        for place in places
    )


def _of_program(nginx: Nginx, programs: set[str], paths: Iterable[str]) -> tuple[str, ...]:
    sockets = tuple(path for path in paths if _program(path) in programs)
    if programs <= _HTTP_PROGRAMS:
        return tuple(path for path in sockets if not is_used(nginx, path))
    return sockets


def _program(path: str) -> str:
    """Return the program after which a socket is named, "" if none is known."""
    lower = path.lower()
    return next(
        (program for program, words in _PROGRAMS.items() if any(word in lower for word in words)),
        "",
    )


def _spoken_program(backend: Backend) -> str:
    """Return the program that the pass directive alone tells: PHP's where scripts are passed on."""
    directive = backend.proxy_target.directive.name
    if directive == "uwsgi_pass":
        return "uWSGI"
    if directive != "fastcgi_pass":
        return ""
    texts = (
        backend.proxy_target.target,
        *(arg for match in backend.location_matches for arg in match.block.args),
    )
    return "PHP-FPM" if any("php" in text.lower() or "fpm" in text for text in texts) else ""


def _real(path: str) -> str:
    """/var/run is a link to /run (file-hierarchy(7))."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path
