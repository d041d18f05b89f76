"""What is missing where the page of a target lies behind a redirect that could not be followed."""

from diagnose.model import Evidence, Vantage
from diagnose.model.http import Exchange
from diagnose.parsers.redirects import MAX_REDIRECTS, named_address, redirect_target
from diagnose.parsers.urls import normalize_url

#: getaddrinfo(3): EAI_AGAIN. The resolver refused or failed: whether the name exists is not known.
_TRY_AGAIN = -3


def missing_destinations(evidence: Evidence, vantage: Vantage) -> tuple[Exchange, ...]:
    """Return the requests that stand for a page of the target and were never sent: the page
    redirects to a name for which the resolver gave no answer. A redirect to the login of a
    provider, which leads back, is an answer of the site itself."""
    pages = [page for page in evidence.good(Exchange) if page.vantage is vantage]
    unsent = {
        normalize_url(page.url): page
        for page in evidence.of(Exchange)
        if page.purpose == "redirect" and page.failure and page.failure.code == _TRY_AGAIN
    }
    if not unsent:
        return ()
    followed = {normalize_url(page.url): page for page in pages if page.purpose == "redirect"}
    missing = {}
    for page in pages:
        onward = redirect_target(page) if page.purpose == "target" else None
        for _ in range(MAX_REDIRECTS):
            if onward is None or onward not in followed:
                break
            onward = redirect_target(followed[onward])
        if onward is not None and onward in unsent and not _is_login(onward):
            missing[onward] = unsent[onward]
    return tuple(missing.values())


def _is_login(url: str) -> bool:
    """Return whether a URL asks a provider for a login (SAML 2.0 Bindings section 3.4 names no
    address to lead back to)."""
    return bool(named_address(url)) or "SAMLRequest=" in url
