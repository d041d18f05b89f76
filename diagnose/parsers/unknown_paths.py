"""Paths that nobody has made: the controls of requests that ask whether an application has a path.
An application may have one page for all paths. No I/O.
"""

import posixpath

#: What makes a path one that nobody has.
UNKNOWN = "diagnose-7f3a"


def is_unknown(path: str) -> bool:
    """Return whether a path is one of these. A log has those of earlier runs, too, and may not say
    who asked for them."""
    return UNKNOWN in path


def unknown_path(path: str) -> str:
    """Return a path beside another one, with its query: "/-diagnose-7f3a" beside "/"."""
    own, mark, query = path.partition("?")
    return f"{own.rstrip('/') or '/'}-{UNKNOWN}{mark}{query}"


def is_unknown_beside(path: str, other: str) -> bool:
    """Return whether `path` is the unknown one beside `other`."""
    return path.partition("?")[0] == unknown_path(other.partition("?")[0])


def unknown_sibling(path: str) -> str:
    """Return a path in the folder of another one, with its ending: what takes one by its ending or
    its folder takes the other."""
    folder, name = posixpath.split(path.partition("?")[0])
    return posixpath.join(folder, f"{UNKNOWN}{posixpath.splitext(name)[1]}")


def unknown_top(path: str) -> str:
    """Return a path below a folder at the top that nobody has, with all that is below the folder of
    another one: an application may take every name there ("/delete/a.jpg")."""
    rest = path.partition("?")[0].lstrip("/").partition("/")[2]
    return f"/{UNKNOWN}/{rest}" if rest else unknown_sibling(path)
