"""The visitors whom a message names: by their address in words, or as who asked in a line of an
access log."""

from checks.http import addresses
from checks.nginx import Nginx
from checks.nginx._access import PathAccess, visitor_access
from diagnose.model import Evidence
from diagnose.model.http import page_exchanges
from diagnose.model.server import server_addresses
from diagnose.parsers.told_requests import told_request
from diagnose.parsers.told_visitors import told_visitors


def named_visitors(evidence: Evidence) -> tuple[str, ...]:
    """Return the addresses of visitors in the message, the server's own left out."""
    symptom = evidence.target.symptom
    if symptom is None:
        return ()
    own = {*server_addresses(evidence), *addresses(page_exchanges(evidence)), evidence.target.host}
    return tuple(visitor for visitor in told_visitors(symptom.text) if visitor not in own)


def told_access(nginx: Nginx, visitor: str) -> list[PathAccess]:
    """Return the access of a visitor whom the message names, at the page and at the path of a line
    of an access log, where it has the status that the message tells."""
    symptom = nginx.evidence.target.symptom
    told = told_request(symptom.text) if symptom else None
    number = told.status if told else symptom.number if symptom else None
    paths = (told.path.partition("?")[0],) if told else ()
    return [
        access
        for access in visitor_access(nginx, visitor, paths)
        if number is None or number == access.answer.status
    ]
