"""The web pages by which routers and firewalls for homes and offices are administered, by their
titles, and the names in their certificates. No I/O.

Each name is a maker's own; a title that other sites may have too is left out.
"""

from diagnose.parsers.lazy_pattern import lazy_pattern

#: Characters of a page that are looked at.
_LOOKED_AT = 8192

_TITLE = lazy_pattern(
    r"(?is)<title>[^<]{0,40}?(FRITZ!(?:Box|Repeater)|Speedport|OpenWrt|LuCI|pfSense|OPNsense"
    r"|UniFi OS|RouterOS|WebFig|MikroTik|DD-WRT|EdgeOS|DrayTek|Vigor|NETGEAR|TP-LINK|ASUS Login"
    r"|Livebox|Freebox OS|Bbox|ZyXEL|EchoLife|Sagemcom|Technicolor|GL\.iNet|D-LINK)[^<]{0,60}<"
)
_CERTIFICATE = lazy_pattern(
    r"(?i)(?:^|[.\s=])(fritz\.box|myfritz\.net|routerlogin\.(?:net|com)|tplinkwifi\.net"
    r"|router\.asus\.com|asusrouter\.com|speedport\.ip|openwrt|pfsense|opnsense|mikrotik"
    r"|dlinkrouter\.local|livebox|mabbox\.bytel\.fr|mafreebox\.freebox\.fr)(?:$|[-.,\s])"
)


def router_of_page(body: str) -> str:
    """Return the product that the title of a page names, "" if it is none of a router."""
    match = _TITLE.search(body[:_LOOKED_AT])
    return match[1] if match else ""


def router_of_certificate(names: tuple[str, ...]) -> str:
    """Return the name of a router that a certificate has, "" if it has none."""
    matches = (_CERTIFICATE.search(name[:300]) for name in names)
    return next((match[1] for match in matches if match), "")
