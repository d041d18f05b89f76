"""What the scenarios of Apache, Caddy and HAProxy share: the server has that program alone."""

from .lab import Lab

#: The programs, and nginx's files: they are what shows that it is installed.
PROGRAMS = {
    "apache2": ("/usr/sbin/apache2",),
    "caddy": ("/usr/bin/caddy",),
    "haproxy": ("/usr/sbin/haproxy",),
    "nginx": ("/usr/sbin/nginx", "/etc/nginx"),
}


def keep_only(lab: Lab, *names: str) -> None:
    """Take all other web servers away from the server until the scenario ends."""
    server = lab.server
    away = (path for name, paths in PROGRAMS.items() if name not in names for path in paths)
    for path in away:
        if server.path(path).exists():
            server.sh(f"mv {path} {path}.away")
            lab.undo(lambda path=path: server.sh(f"mv {path}.away {path}"))  # type: ignore[misc]
