"""How sure it is that a path which answers 404 is a page of a single-page application."""

from collections.abc import Iterable

from diagnose.model import Confidence, Evidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.pages import ClientRoute


def route_confidence(pages: Iterable[Exchange], route: ClientRoute) -> Confidence:
    """Return "likely" where a script names the path, or switches such addresses on. An answer in
    JSON is of a program that knows such paths: what is asked for may just not be there
    ("/orders/7")."""
    kinds = ((page.header("Content-Type") or "").partition(";")[0].lower() for page in pages)
    is_data = any(kind.endswith(("/json", "+json")) for kind in kinds)
    return Confidence.LIKELY if route.source != "router" and not is_data else Confidence.POSSIBLE


def route_severity(evidence: Evidence, confidence: Confidence) -> Severity:
    """Return "note" for what is only possible where nobody asks why: programs answer 404 rightly,
    and nearly every script has a router."""
    is_asked = evidence.target.symptom is not None
    is_note = confidence is Confidence.POSSIBLE and not is_asked
    return Severity.NOTE if is_note else Severity.WARNING
