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

#: Those of them that stand for the site itself and for no other name of its domain: a word without
#: a dot is one too, but for those that containers and programs have ("app", "web", "server").
_OWN = re.compile(
    r"(?:(?:www|sub|subdomain|sub-domain|x{2,20})\.)?"
    r"(?:(?:example|x{2,20}|y{3,20}|(?:domain|hostname)(?:[-_]?name)?"
    r"|(?:your|my|our)[-_]?(?:own[-_]?)?(?:sub)?(?:domain|site|server|website|company|host|address)"
    r"(?:[-_]?name)?)(?:\.(?:example|tld|com|net|org|name|[a-z]{2}))?"
    r"|(?:web)?site(?:[-_]?name)?\.(?:tld|com|net|org|[a-z]{2})"
    r"|(?:your|my|our)[-_]?(?:name|app|web)\.(?:tld|com|net|org|[a-z]{2})|redacted|censored)"
)
#: A host that was taken out of an address: "https://***/", "http://<ip>:8080/", "https://[domain]/".
_TAKEN_OUT = re.compile(
    r"(?i)(?<=://)(?:(?:\*{2,64}|…|\.{3})(?:\.[a-z*]{2,12}){0,2}"
    r"|(?:\$?\{{1,2}|<|\[)\s?[a-z][\w .-]{0,40}\s?(?:\}{1,2}|>|\]))(?![\w.-])"
)


def is_placeholder(host: str, site: str = "") -> bool:
    """Return whether a host in a message is a word in the place of the site's name. Where the
    site's own domain is such a word, it is another name of that domain."""
    is_word = _OWN.fullmatch(host.lower()) is not None
    return is_word and not (site and is_related_host(host.removeprefix("www."), site))


def with_own_name(text: str, host: str) -> str:
    """Return the text of a message with the site's own name in the addresses out of which it was
    taken."""
    return _TAKEN_OUT.sub(lambda _: host, text)


def stands_for(host: str, site: str) -> bool:
    """Return whether a host in a message about a site may be the site itself under another name: a
    placeholder, an address, a name inside, or another name of the domain."""
    if is_address(site) or is_address(host) or is_internal_host(host) or "." not in host:
        return True
    bare, bare_site = (name.removeprefix("www.") for name in (host, site))
    return is_related_host(bare, bare_site) or _PLACEHOLDER.fullmatch(host) is not None
