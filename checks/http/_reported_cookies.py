"""Whether browsers take a cookie today that a message says is refused: a response of this run sets
it well, or the web server gives cookies what they lacked."""

import re
from collections.abc import Iterable

from checks.nginx import Nginx
from diagnose.model import Evidence
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.cookie_messages import RefusedCookie
from diagnose.parsers.set_cookie import cookie_pair

#: The reasons that a line of the web server ends which makes cookies Secure.
_BY_SECURE = frozenset({"same-site", "cross-site"})
_CORRECTING = re.compile(r"(?i)\bSet-Cookie\b.{1,300}?\bSecure\b")
_REPLACED_DOMAIN = re.compile(r"(?im)^\s*ProxyPassReverseCookieDomain\s+\S")
_NONE = re.compile(r"(?i);\s*SameSite\s*=\s*None")
_SECURE = re.compile(r"(?i);\s*Secure\s*(?:;|$)")


def is_taken(pages: Iterable[Exchange], cookie: RefusedCookie) -> bool:
    """Return whether a response sets the cookie of the message, or one for pages of other sites if
    it has no name, and browsers take it: the message is of another time."""
    values = [
        value for page in pages for name, value in page.headers if name.lower() == "set-cookie"
    ]
    named = [value for value in values if cookie.name and cookie_pair(value)[0] == cookie.name]
    if cookie.reason == "prefix" and not cookie.name:
        return any(value.startswith(("__Host-", "__Secure-")) for value in values)
    if cookie.reason not in _BY_SECURE:
        return bool(named)
    seen = named if cookie.name else values
    return any(_NONE.search(value) and _SECURE.search(value) for value in seen)


def is_corrected(evidence: Evidence, cookie: RefusedCookie) -> bool:
    """Return whether a line of the web server makes the site's cookies Secure, or gives them the
    Domain of the site."""
    if cookie.reason == "domain":
        return _is_domain_corrected(evidence)
    if cookie.reason not in _BY_SECURE:
        return False
    nginx = Nginx.of(evidence)
    flags = (
        directive.args
        for match in nginx.location_matches(evidence.target.path)
        for directive in match.directives("proxy_cookie_flags")
    )
    files = (file.text for config in evidence.good(WebServerConfig) for file in config.files)
    return any("secure" in args[1:] for args in flags) or any(map(_CORRECTING.search, files))


def _is_domain_corrected(evidence: Evidence) -> bool:
    """Return whether nginx replaces the Domain of the application's cookies with a name of the
    site, or Apache does."""
    lines = (
        directive.args
        for match in Nginx.of(evidence).location_matches(evidence.target.path)
        for directive in match.directives("proxy_cookie_domain")
    )
    names = {evidence.target.host, "$host", "$server_name"}
    files = (file.text for config in evidence.good(WebServerConfig) for file in config.files)
    return any(args[-1].lstrip(".") in names for args in lines if len(args) > 1) or any(
        map(_REPLACED_DOMAIN.search, files)
    )
