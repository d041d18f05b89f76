"""What is missing where the page of a target lies behind a redirect that could not be followed."""

from urllib.parse import parse_qsl

from diagnose.model import Evidence, Vantage
from diagnose.model.http import Exchange
from diagnose.parsers.redirects import MAX_REDIRECTS, named_address, redirect_target
from diagnose.parsers.urls import normalize_url, parse_url

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
        if onward is not None and onward in unsent and not _is_login(onward, evidence.target.host):
            missing[onward] = unsent[onward]
    return tuple(missing.values())


def _is_login(url: str, host: str) -> bool:
    """Return whether a URL asks a provider for a login: it names an address to lead back to, in the
    usual parameter, or of the site itself in any ("rd" of Authelia and oauth2-proxy, "next"). SAML
    2.0 Bindings section 3.4 names none."""
    query = url.partition("?")[2].partition("#")[0][:8192]
    if named_address(url) or "SAMLRequest=" in query:
        return True
    try:
        fields = parse_qsl(query, max_num_fields=64)
    except ValueError:
        return False
    back = (parse_url(value) for _, value in fields if "://" in value)
    return any(each is not None and each.host == host for each in back)
