"""Addresses in a message that are no site: of a visitor, a proxy or an application, or where a
server could not listen. No I/O."""

import re

from diagnose.parsers.store_messages import STORE_PORT

_ADDRESS = (
    r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[?(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}\]?)(?:[:#]\d{1,5})?"
)
#: An address of the machine itself, or of a bridge of containers: no visitor asks for it.
_INNER = r"(?:127(?:\.\d{1,3}){3}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|::1)(?![\d:.]*\d)"
#: Words before an address that say whose it is, as the logs of servers and applications write them
#: (nginx's error log: "client: 1.2.3.4"; Home Assistant: "from an untrusted proxy 1.2.3.4").
_WORDS = (
    r"(?:\b(?:clients?|visitors?|peers?|(?:un)?trusted|proxy|proxies|forwarded for|X-Forwarded-For"
    r"|X-Real-IP)(?: (?:ip|addr|address|at))?"
    r"|\bremote[ _]?(?:ip|addr|address|host)|\breal[ _]ip)"
    r"[:=]{0,2} ?['\"(\[]?"
)
#: A request, a field or a login comes from a visitor or a proxy; an answer comes from the site.
_FROM = (
    r"\b(?:requests?|headers?|connections?|logins?|attempts?|packets?|traffic|visitors?|access"
    r"|handshake error"
    r"|(?:was |is |been )?(?:received|forwarded|accepted|failed|denied|rejected|blocked))"
    r" (?:coming )?from (?:(?:an?|the|remote|untrusted|unknown|proxy|host|ip|address|addr) ){0,4}"
    r"['\"(\[]?"
)
#: What a server could not open for itself (Go's net, HAProxy).
_BIND = r"(?:\blisten (?:tcp|udp)[46]? |\bcannot bind socket \([A-Za-z ]{3,60}\) (?:for )?\[)"
_ROLE = re.compile(rf"(?:{_WORDS}|{_FROM}|{_BIND}){_ADDRESS}", re.IGNORECASE)
#: What an application says of the proxy that it does not trust (Home Assistant, forwarded.py).
_UNTRUSTED = re.compile(
    r"(?:from an untrusted proxy|request from a reverse proxy was received from) "
    r"([0-9a-fA-F.:]{3,45}?)(?=[\s,;\"']|\.?$)"
)
#: What a URL is, in a line of nginx's error log, the page that a request came from, the application
#: in Apache's, and where Caddy takes its commands.
_URL_ROLE = re.compile(
    r"\b(?:upstream: |referr?er:? ?)[\"'(]?(?:https?|fastcgi|uwsgi|ajp)://[^\s\"'<>]{1,1000}"
    r"|\bserver configuration: proxy:\S{1,1000}"
    r"|\bPost \"http://(?:localhost|127\.0\.0\.1):2019/[^\s\"'<>]{0,200}\"(?:: dial tcp \S{1,60})?"
    # cloudflared: the application behind a tunnel
    r"|\boriginService=\S{1,300}"
    # Kubernetes: what a node or the API server asks for itself
    r"|\b(?:Readiness|Liveness|Startup) probe failed: (?:Get )?\"https?://[^\s\"'<>]{1,1000}\"?"
    r"(?:: dial tcp \S{1,60})?"
    r"|\bfailed calling webhook \"[^\"\n]{1,253}\": (?:failed to call webhook: )?"
    r"Post \"https?://[^\s\"'<>]{1,1000}\"",
    re.IGNORECASE,
)
#: A network, and what nginx says of its own lines: an application behind it, an address that it
#: listens on, the name of a variable.
_LINE_ROLE = re.compile(
    rf"(?<![\w./:]){_ADDRESS}/\d{{1,3}}(?![\w./])"
    r"|\b(?:duplicate|in) upstream ['\"][^'\"\n]{1,300}['\"]"
    r"|\bduplicate listen options? for \S{1,80}|\ba duplicate listen \S{1,80}"
    r"|\bunknown ['\"][^'\"\n]{1,100}['\"] variable"
    # A log of requests: the page that the visitor came from, and his browser
    r"|(?<=\" \d\d\d )(?:\d{1,12}|-) \"[^\"\n]{0,1000}\"(?: \"[^\"\n]{0,1000}\")?"
    # Go: the server of names that was asked
    r"|\bon \[?[\da-fA-F.:]{3,45}\]?:53\b"
    # Where a redirect or a proxy leads: an address of a private network, which visitors do not ask
    r"|\b(?:redirect|forward|prox(?:y|ies)|point|map|pass)\w{0,4} (?:[\w-]{1,20} ){0,5}?to"
    r" (?:10|127|172\.(?:1[6-9]|2\d|3[01])|192\.168)(?:\.\d{1,3}){2,3}:\d{2,5}\b"
    # Go: an application of the machine itself
    r"|\bdial tcp (?:127(?:\.\d{1,3}){3}|\[::1\]|localhost):(?!443\b)\d{2,5}"
    # A database, a cache or a queue
    rf"|(?<![\w./:@-])(?:[\w-]{{1,63}}\.){{0,8}}[\w-]{{1,63}}:{STORE_PORT}(?!\d)"
    rf"|(?<![\w./:@-])\[?[0-9a-fA-F:]{{2,39}}\]?:{STORE_PORT}(?!\d)"
    # What is shown in place of the site
    r"|(?<![\w./:@-])(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}[`\"'”]? (?:instead of|rather than|statt"
    r"|anstatt|au lieu d|en (?:lugar|vez) de|em vez d|ao invés d|invece d|вместо|zamiast"
    r"|in plaats van)\b"
    # Whom a program keeps out
    rf"|(?i:\b(?:bann(?:ed|ing)|blacklist(?:ed|ing)) (?:(?:ip|address|host) ){{0,2}}){_ADDRESS}"
    # fail2ban, CrowdSec, lfd, sshguard: whom they keep out, or have seen
    rf"|(?<=\] )(?:Restore |Increase )?(?:Ban|Unban|Found|Ignore) {_ADDRESS}"
    rf"|{_ADDRESS} already banned|\b(?i:ip) {_ADDRESS} performed\b|\btriggered by {_ADDRESS}"
    rf"|\b(?:Blocking|Releasing|Attack from) \"{_ADDRESS}"
    # The kernel's log of packets, and fields of a row
    rf"|(?<![\w.])(?:SRC|src|saddr|rip|ip|c)={_ADDRESS}"
    # An address of the machine or of its network that a sentence gives to a visitor
    rf"|(?<![A-Za-z.-])(?:ip|IP)s?[^\w\n]{{0,3}}(?:address )?(?:is|are|shows? as|as|ist|sind|est|es"
    rf"|[都全均]{{0,2}}[是为]|显示为)? {{0,2}}['\"(]?{_INNER}"
    # Home Assistant: which part of it wrote a line
    r"|\bhomeassistant(?:\.\w{1,40}){1,6}"
    # Cloudflare's pages
    r"|\bVisit (?:www\.)?cloudflare\.com for more information\b"
    # Traefik, Go: the application that was asked
    r"|\bcaused by: dial tcp \S{1,80}"
)
#: The addresses of certificate authorities (RFC 8555, OCSP): a client names them where it fails.
_AUTHORITY = re.compile(
    r"(?i)(?:https?://)?(?<![\w.-])(?:acme-(?:staging-)?v0\d\.api\.letsencrypt\.org|acme\.zerossl\.com"
    r"|(?:\w{1,8}\.)?acme-v02(?:-test)?\.api\.pki\.goog|api(?:\.test4)?\.buypass\.com|acme\.ssl\.com"
    r"|acme\.sectigo\.com|acme\.digicert\.com|\w{1,8}\.[oic]\.lencr\.org|ocsp\.[\w-]{1,40}\.(?:com|org))"
    r"(?![\w-])[^\s\"'<>]{0,500}"
)


#: The visitor in a line of a program's log ("IP: 1.2.3.4. Username: a").
_LOGGED = re.compile(
    r"(?m)^\W{0,3}\d{4}[-/]\d\d[-/]\d\d[ T][^\n]{0,400}?\b(?i:ip)(?: address)?: ?"
    rf"(?={_ADDRESS})"
)


def without_roles(text: str) -> str:
    """Return a message without the addresses that are no site."""
    own = _AUTHORITY.sub(" ", text)
    if logged := _LOGGED.search(own):
        rest = re.sub(_ADDRESS, " ", own[logged.end() :], count=1)
        own = own[: logged.end()] + rest
    return _LINE_ROLE.sub(" ", _URL_ROLE.sub(" ", _ROLE.sub(" ", own)))


def untrusted_proxy(text: str) -> str:
    """Return the address of the proxy that an application says it does not trust; "" if the text
    does not say so."""
    # Imported late: few messages are about a proxy.
    from ipaddress import ip_address

    match = _UNTRUSTED.search(text)
    try:
        return str(ip_address(match[1])) if match else ""
    except ValueError:
        return ""
