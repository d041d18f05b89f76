"""Hosts in messages that stand for the site beside them. No I/O."""

import re

from diagnose.parsers.hostnames import is_address
from diagnose.parsers.urls import is_internal_host, is_related_host

#: Names that guides and anonymised messages write for somebody's own (RFC 2606 section 3).
_PLACEHOLDER = re.compile(
    r"(?:[\w-]{1,40}\.){0,3}(?:example\.(?:com|net|org)"
    r"|(?:x{2,20}|abc|foo|bar|acme|domain|website|yyy|aaa)\.\w{2,6}"
    r"|(?:your|my|our|the)[-_]?(?:own[-_]?)?(?:domain|site|server|website|web|app|name|host|company)"
    r"(?:[-_]?name)?\.\w{2,6}|[\w-]{1,40}\.(?:example|invalid|test|local|lan|internal|tld))"
)


def stands_for(host: str, site: str) -> bool:
    """Return whether a host in a message about a site may be the site itself under another name: a
    placeholder, an address, a name inside, or another name of the domain."""
    if is_address(site) or is_address(host) or is_internal_host(host) or "." not in host:
        return True
    bare, bare_site = (name.removeprefix("www.") for name in (host, site))
    return is_related_host(bare, bare_site) or _PLACEHOLDER.fullmatch(host) is not None
