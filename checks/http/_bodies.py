"""What the checks of responses and their bodies share."""

from collections.abc import Iterable

from diagnose.model import Evidence, Subject, endpoints
from diagnose.model.http import BrowserVisit, Exchange, ResponseBody


def page_bodies(evidence: Evidence, request: str) -> tuple[ResponseBody, ...]:
    """Return the bodies of the target's page: of the usual request ("target"), of a browser's, or
    of one to the application itself."""
    return tuple(body for body in evidence.of(ResponseBody) if body.request == request)


def body_subjects(
    responses: Iterable[ResponseBody | BrowserVisit | Exchange],
) -> tuple[Subject, ...]:
    """Return the endpoints of these responses."""
    subjects = [endpoints([response.address], response.port)[0] for response in responses]
    return tuple(dict.fromkeys(subjects))


def body_addresses(
    responses: Iterable[ResponseBody | BrowserVisit | Exchange],
) -> tuple[str, ...]:
    return tuple(dict.fromkeys(response.address for response in responses))
