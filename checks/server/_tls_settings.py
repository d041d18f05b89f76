"""What a server other than nginx allows in TLS: the line that decides, and the edit that changes it
for a purpose. Each product has a writer (`_apache_tls`, `_caddy_tls`, `_haproxy_tls`)."""

from collections.abc import Callable, Mapping
from typing import Literal

from checks.server import ServerView, file_rows, line_edit, place_text, reload_steps, server_on_port
from diagnose.model import Applicability, Evidence, Fix, Location
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import Product
from diagnose.parsers.sanitize import clean

#: What an edit is for: TLS 1.2 and 1.3 besides older versions; no version before 1.2; TLS 1.2
#: besides 1.3; TLS 1.3 besides 1.2; the groups of the key exchange that OpenSSL offers; the
#: recommended cipher suites besides those of the list; no certificate of visitors.
Purpose = Literal[
    "current-versions", "no-old-versions", "older-clients", "newest-version", "usual-groups",
    "more-suites", "no-client-certificate",
]  # fmt: skip

#: The lines that replace a line of a file, by its path and number.
Changes = dict[str, dict[int, tuple[str, ...]]]


@frozen(eq=False)
class TlsChange:
    """The place of the line that decides, and the fix that changes it."""

    place: str
    location: Location
    fix: Fix


def tls_change(evidence: Evidence, purpose: Purpose) -> TlsChange | None:
    """Return the change for a purpose; None if nginx answers, if no line is against it, or if the
    line is not known. What TLS allows is a person's decision."""
    view = server_on_port(evidence)
    load = _WRITERS.get(view.server.product) if view else None
    if view is None or view.config is None or load is None:
        return None
    changes = load()(view, purpose)
    edits = [line_edit(view, file, lines) for file, lines in changes.items()]
    own_edits = [edit for edit in edits if edit]
    if not own_edits or len(own_edits) < len(edits):
        return None
    file, lines = next(iter(changes.items()))
    number = min(lines)
    config_file = view.config.file(file)
    text = file_rows(view, config_file)[number - 1] if config_file else ""
    column = len(text) - len(text.lstrip()) + 1
    location = Location(file, number, column, len(text) + 1, number, (clean(text, 500),))
    fix = Fix((*own_edits, *reload_steps(view.server)), Applicability.REVIEW)
    return TlsChange(place_text(file, number), location, fix)


def _apache() -> Callable[[ServerView, Purpose], Changes]:
    from checks.server._apache_tls import changes

    return changes


def _caddy() -> Callable[[ServerView, Purpose], Changes]:
    from checks.server._caddy_tls import changes

    return changes


def _haproxy() -> Callable[[ServerView, Purpose], Changes]:
    from checks.server._haproxy_tls import changes

    return changes


#: Imported late: only a finding needs them.
_WRITERS: Mapping[Product, Callable[[], Callable[[ServerView, Purpose], Changes]]] = {
    "apache": _apache,
    "caddy": _caddy,
    "haproxy": _haproxy,
}
