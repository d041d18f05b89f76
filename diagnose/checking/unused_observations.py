"""What a run read of a request and no check has used: a line of an error log about the target's own
request, a file of its page that visitors' browsers did not get.

Checks of `only_unused` claim that it was read. Their claims are left out where another claim rests
on the same record, names the same request, or says why the page is answered as it is.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from diagnose.model import Check, Claim, Observation, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests, LogLine, UnservedRequests
from diagnose.model.other_requests import OtherRequest
from diagnose.model.pages import PageFileResponse

#: The layers whose checks say why a page is answered as it is. A note of another layer about the
#: same page, as that a CDN stands before it, says nothing of the sort.
_ANSWERING = frozenset({"nginx", "server", "upstream"})


def without_used(raised: Iterable[tuple[Check, Claim]]) -> list[tuple[Check, Claim]]:
    """Return the claims without those about what another claim has used."""
    all_claims = list(raised)
    others = [(check, claim) for check, claim in all_claims if not check.only_unused]
    used = {_key(each) for _, claim in others for each in claim.because}
    paths = {path for _, claim in others for path in _paths(claim)}
    pages = {
        id(each)
        for check, claim in others
        if check.layer in _ANSWERING or (claim.severity or check.severity) is not Severity.NOTE
        for each in claim.because
        if isinstance(each, Exchange)
    }
    return [
        (check, claim)
        for check, claim in all_claims
        if not check.only_unused or not _is_used(claim, used, paths, pages)
    ]


def _is_used(claim: Claim, used: set[object], paths: set[str], pages: set[int]) -> bool:
    """Return whether other claims have used the first observation of a claim, the record."""
    return (
        _key(claim.because[0]) in used
        or claim.about.path in paths
        or any(id(each) in pages for each in claim.because)
    )


def _key(observation: Observation) -> object:
    """Return what two readings of one line of a log have in common; of others the observation."""
    if isinstance(observation, LogLine):
        return observation.file, observation.path, observation.text
    return id(observation)


def _paths(claim: Claim) -> Iterator[str]:
    """Yield the paths of the requests, other than for the page itself, that a claim is about."""
    yield from filter(None, (claim.request, claim.about.path))
    for each in claim.because:
        if isinstance(each, FailedRequests | UnservedRequests):
            yield each.path
        elif isinstance(each, OtherRequest):
            yield each.sent or each.path
        elif isinstance(each, PageFileResponse) or (
            isinstance(each, Exchange) and each.purpose == "logged"
        ):
            yield urlsplit(each.url).path
