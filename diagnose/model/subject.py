"""What a claim is about: a name, an address, a port, a path."""

from collections.abc import Iterable

from diagnose.model.frozen import frozen


@frozen
class Subject:
    """The subject of a claim. A field that is None matches any value.

    `Subject(port=443)` is port 443 at any address, and covers `Subject(address="203.0.113.10",
    port=443)`. A path without a query matches that path with any query, and the other way round:
    one check names what was asked ("/socket.io/?EIO=4"), another the path of a route.
    """

    name: str | None = None
    address: str | None = None
    port: int | None = None
    path: str | None = None
    text: str = ""

    def covers(self, other: "Subject") -> bool:
        """Return True unless a field that is set in both differs."""
        pairs = (
            (self.name, other.name),
            (self.address, other.address),
            (self.port, other.port),
        )
        return _is_same_path(self.path, other.path) and all(
            value is None or other_value is None or value == other_value
            for value, other_value in pairs
        )

    def __str__(self) -> str:
        if self.text:
            return self.text
        host = self.address or self.name or ""
        if ":" in host:
            host = f"[{host}]"
        port = "" if self.port is None else f":{self.port}" if host else f"{self.port}/tcp"
        return f"{host}{port}{self.path or ''}"


def _is_same_path(path: str | None, other: str | None) -> bool:
    """Return True unless the paths, or two queries, differ."""
    if path is None or other is None or path == other:
        return True
    (bare, _, query), (other_bare, _, other_query) = path.partition("?"), other.partition("?")
    return bare == other_bare and not (query and other_query)


def endpoints(addresses: Iterable[str], port: int) -> tuple[Subject, ...]:
    """Return one subject for each address, with the given port."""
    return tuple(Subject(address=address, port=port) for address in dict.fromkeys(addresses))


def merge_subjects(subjects: tuple[Subject, ...]) -> Subject:
    """Merge subjects into one: keep the fields that are equal in all, and list all in `text`."""
    if len(subjects) == 1:
        return subjects[0]
    agreed = {}
    for side in ("name", "address", "port", "path"):
        values = {getattr(subject, side) for subject in subjects}
        agreed[side] = values.pop() if len(values) == 1 else None
    return Subject(**agreed, text=", ".join(map(str, subjects)))
