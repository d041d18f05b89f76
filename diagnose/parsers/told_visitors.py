"""The addresses of visitors in a message: "our customer at 198.51.100.7 gets 403", "[client
198.51.100.7:51234] client denied by server configuration". No I/O."""

from contextlib import suppress
from ipaddress import ip_address

from diagnose.model.addresses import is_loopback
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.told_requests import told_request

#: Longest text that is looked at, and most addresses.
MAX_TEXT, MAX_VISITORS = 4000, 3

_IPV6 = (
    r"(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}|(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}"
)
_ADDRESS = lazy_pattern(
    r"(?<![\w./:@%-])(?:(?P<v4>\d{1,3}(?:\.\d{1,3}){3})(?P<port>:\d{1,5})?"
    rf"|\[?(?P<v6>{_IPV6})(?P<port6>\]:\d{{1,5}})?\]?)(?![.:]?[\w/-])"
)
#: Before an address that is no visitor's: a server, an application, a place to listen, what dig,
#: nslookup, ping and curl print of the name; and before the four numbers of a version.
_OF_OTHERS = lazy_pattern(
    r"(?im)(?:upstream|server|listen(?:ing)?(?: on)?|bind(?:\(\))?|connect(?:\(\))?(?: to)?"
    r"|resolve[sd]? to|points? to|proxy|proxies|trusted|gateway|dns|host|record|backend|frontend"
    r"|\bto|->|://|trying|has address|^address(?:es)?|is at|(?-i:\bA(?:AAA)?)|\.[a-z]{2,24} ?\("
    r"|version|\bv|chrom(?:e|ium)|firefox|safari|edge?|opera|openssl)[\s:=\"'(\[]{0,4}$"
)
#: Before a visitor's, with whatever port: what a log writes of it.
_OF_CLIENT = lazy_pattern(
    r"(?i)(?:client|visitor|remote(?: address| ip)?|peer|from)[\s:=\"'(\[]{0,4}$"
)


def addresses_in(text: str) -> tuple[str, ...]:
    """Return all addresses in a text, whosever they are."""
    found: dict[str, None] = {}
    for match in _ADDRESS.finditer(text[:MAX_TEXT]):
        with suppress(ValueError):
            found[str(ip_address(match["v4"] or match["v6"]))] = None
    return tuple(found)


def told_visitors(text: str) -> tuple[str, ...]:
    """Return the addresses in a message that may be a visitor's. The server's own are for the
    caller to leave out."""
    visitors: dict[str, None] = {}
    own = text[:MAX_TEXT]
    line = told_request(own)
    if line is not None and line.client:
        # All other addresses of the line are the server's, or numbers of a version.
        return () if is_loopback(line.client) else (line.client,)
    for match in _ADDRESS.finditer(own):
        before = own[max(0, match.start() - 24) : match.start()]
        has_port = match["port"] or match["port6"]
        if _OF_OTHERS.search(before) or (has_port and not _OF_CLIENT.search(before)):
            continue
        try:
            address = ip_address(match["v4"] or match["v6"])
        except ValueError:
            continue
        if not (address.is_loopback or address.is_unspecified or address.is_multicast):
            visitors[str(address)] = None
    return tuple(visitors)[:MAX_VISITORS]
