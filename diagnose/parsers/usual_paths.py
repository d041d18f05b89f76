"""What paths are usually for: those at which applications open their WebSockets, and those that
servers close. No I/O."""

#: Of libraries and of guides.
USUAL_PATHS = (
    "/ws",
    "/wss",
    "/websocket",
    "/websockets",
    "/socket",
    "/socket.io",
    "/cable",
    "/sockjs",
)

#: Names of folders whose files pages and programs load, one by one: nobody is to see a list.
_FILES = frozenset({
    "uploads", "upload", "static", "assets", "images", "image", "img", "css", "js", "fonts",
    "media", "cache", "storage", "dist", "vendor", "thumbs", "thumbnails", "icons",
})  # fmt: skip

#: First words of paths that are for those who run a program, and that sites keep from visitors.
_OF_OPERATORS = frozenset({
    "metrics", "prometheus", "actuator", "debug", "server-status", "server-info", "nginx_status",
    "stub_status", "healthz", "livez", "readyz", "fpm-status", "phpinfo.php",
})  # fmt: skip


def is_for_operators(path: str) -> bool:
    """Return whether a path is one that programs have for those who run them, `/metrics` or
    `/actuator/health`: that the site does not have it is meant."""
    return path.lstrip("/").partition("?")[0].partition("/")[0].lower() in _OF_OPERATORS


def is_usual_websocket(path: str) -> bool:
    """Return whether a path, without its query, is a usual one of a WebSocket."""
    return path.rstrip("/") in USUAL_PATHS


def is_refused_handshake(path: str, status: int | None) -> bool:
    """Return whether a GET of this path that got this status in a program's log was a browser's
    handshake without its Upgrade: programs know no page there."""
    first = "/" + path.partition("?")[0].lstrip("/").partition("/")[0]
    return status in {400, 403, 404, 405, 426} and first in USUAL_PATHS


def is_hidden(path: str) -> bool:
    """Return whether a path is that of a hidden file or folder, `/.env` or `/.git/config`: servers
    close them to everybody. `/.well-known/` is none (RFC 8615)."""
    parts = path.partition("?")[0].split("/")
    return any(part.startswith(".") and part != ".well-known" for part in parts)


def is_folder_of_files(path: str) -> bool:
    """Return whether a path is that of a folder whose files are loaded one by one, by its name:
    `/wp-content/uploads/`, `/static/css/`."""
    folder, slash, _ = path.partition("?")[0].rpartition("/")
    return (
        bool(slash)
        and path.partition("?")[0].endswith("/")
        and (folder.rpartition("/")[2].lower() in _FILES)
    )


#: First words of paths that are for those who run a site, and that its servers close to others.
_OF_OWNERS = frozenset({
    "admin", "administrator", "adminer", "adminer.php", "backend", "wp-admin", "wp-login.php",
    "xmlrpc.php", "phpmyadmin", "pma", "pgadmin", "manager", "host-manager", "manage",
    "management", "internal", "private", "intern", "cgi-bin", "backup", "backups", "install",
    "setup", "vendor", "node_modules", "logs", "swagger", "swagger-ui",
})  # fmt: skip
#: Gone, and unavailable for legal reasons (RFC 9110 section 15.5.11, RFC 7725): nobody answers so
#: by mistake.
_MEANT = frozenset({410, 451})


def is_closed_on_purpose(path: str, rule: str, status: int) -> bool:
    """Return whether a rule that refuses a path is meant: it names this part of the site, and the
    part is one that sites close, by its name, or by the status."""
    first = path.partition("?")[0].lstrip("/").partition("/")[0].lower()
    is_usual = first in _OF_OWNERS or is_for_operators(path) or status in _MEANT
    return is_usual and is_named_in(path, rule)


def is_named_in(path: str, rule: str) -> bool:
    """Return whether a rule names the path's first folder or file by a word of its own, `/admin` or
    `^/admin`: who wrote it meant this part of the site. The page at "/" is no part."""
    name = path.partition("?")[0].lstrip("/").partition("/")[0].lower()
    if not name or name == ".well-known":
        return False
    position = (rule := rule.lower().replace("\\", "")).find(name)
    while position >= 0:
        before, after = rule[position - 1 : position], rule[position + len(name) :][:1]
        if (before in "/^(|" and position) and not (after.isalnum() or after in {"_", "-"}):
            return True
        position = rule.find(name, position + 1)
    return False
