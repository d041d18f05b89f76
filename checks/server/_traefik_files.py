"""Whether the files of Traefik have what it does not have itself."""

from checks.server import ServerView


def is_written(view: ServerView) -> bool:
    """Return whether a file has a router for the name. If Traefik has none, it refused the file."""
    files = view.config.files if view.config else ()
    rows = (row for file in files for row in file.text.split("\n"))
    return any(
        "Host(" in row and view.evidence.target.host in row and not row.lstrip().startswith("#")
        for row in rows
    )
