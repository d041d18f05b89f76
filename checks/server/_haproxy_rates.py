"""The limits of requests in HAProxy's rules, which count by a stick table (Configuration Manual,
section 7.3.3, "sc_http_req_rate")."""

import re

from checks.server import line_edit, line_text
from checks.server._haproxy import HaproxyView, replace
from diagnose.model import Edit, Evidence
from diagnose.model.frozen import frozen
from diagnose.model.http import page_exchanges
from diagnose.model.server import server_addresses
from diagnose.parsers.haproxy.config import Line, seconds

#: A counter of requests or connections, such as "sc_http_req_rate(0)" or "src_conn_rate".
_COUNTER = re.compile(
    r"(?:sc[0-2]?_|src_)(?P<kind>http_req_rate|http_err_rate|conn_rate|conn_cur)(?:\([\w,]{0,60}\))?"
)
#: What reads a counter of a visitor, or of what a rule tracks.
_READ = re.compile(r"(?:sc\d?_|src_)\w")
_ABOVE = {"gt", "ge"}
#: The address that the machine in front adds (Configuration Manual, "hdr_ip").
_FORWARDED = "hdr_ip(X-Forwarded-For,-1)"
#: By what a limit is multiplied: a page asks for its files, some dozen of them, at once.
_FACTOR = 10
#: Requests in a second, and the seconds in which most examples count.
_LOW, _USUAL_PERIOD = 15, 10.0


@frozen(eq=False)
class RateLimit:
    """A number above which a rule refuses, the word of its counter, its line, and the time in which
    HAProxy counts ("10s"); "" if that is not known."""

    number: int
    counter: str
    line: Line
    period: str

    @property
    def is_low(self) -> bool:
        """Whether a visitor who opens some pages with their files may be above it."""
        return self.number / (seconds(self.period) or _USUAL_PERIOD) <= _LOW

    @property
    def raised(self) -> int:
        return self.number * _FACTOR


def rate_limit(haproxy: HaproxyView, rule: Line) -> RateLimit | None:
    """Return the one limit of a rule, written in its condition or in an acl that it names; None if
    it has none, or several."""
    proxies = haproxy.proxies
    acls = [
        acl
        for proxy in (proxies.frontend, *([proxies.backend] if proxies.backend else []))
        for acl in proxy.own("acl")
        if acl.words[1:2] and acl.words[1] in rule.words
    ]
    limits = [
        (line, match, int(line.words[index + 2]))
        for line in (rule, *acls)
        for index, word in enumerate(line.words[:-2])
        if (match := _COUNTER.fullmatch(word)) and line.words[index + 1] in _ABOVE
        if re.fullmatch(r"[1-9][0-9]{0,7}", line.words[index + 2])
    ]
    if len(limits) != 1:
        return None
    line, match, number = limits[0]
    return RateLimit(number, match[0], line, _period(haproxy, match["kind"]))


def _period(haproxy: HaproxyView, kind: str) -> str:
    """Return the time in which a counter counts, if all tables have the same."""
    own = re.compile(rf"(?m)^[ \t]*stick-table[ \t].{{0,300}}\b{kind}\((\w{{1,12}})\)")
    config = haproxy.view.config
    periods = {
        period for file in (config.files if config else ()) for period in own.findall(file.text)
    }
    return periods.pop() if len(periods) == 1 else ""


def raising_edit(haproxy: HaproxyView, limit: RateLimit) -> Edit | None:
    """Return the edit that writes the raised limit; None if the number does not stand once behind
    its counter."""
    text = line_text(haproxy.view, limit.line.file, limit.line.number)
    own = re.compile(rf"({re.escape(limit.counter)}\s+g[te]\s+){limit.number}(?![\w.])")
    if len(own.findall(text)) != 1:
        return None
    new = own.sub(lambda match: f"{match[1]}{limit.raised}", text)
    return line_edit(haproxy.view, limit.line.file, {limit.line.number: (new,)})


def counted_front(evidence: Evidence) -> str:
    """Return the address of the machine in front of this server, by which all its visitors come,
    if a line of HAProxy's log in the message has it as the client's; "" otherwise."""
    symptom = evidence.target.symptom
    if symptom is None:
        return ""
    # Imported late: few messages are lines of a log.
    from diagnose.parsers.told_requests import told_request

    told = told_request(symptom.text)
    own = server_addresses(evidence)
    fronts = {page.address for page in page_exchanges(evidence) if page.address not in own}
    return told.client if told and own and told.client in fronts else ""


def tracking_edit(haproxy: HaproxyView) -> Edit | None:
    """Return the edit that counts by the last address of X-Forwarded-For, which the machine in
    front writes, in place of its own; None if not one line alone counts by `src`."""
    frontend = haproxy.proxies.frontend
    lines = [
        line
        for line in (*frontend.own("http-request"), *frontend.own("tcp-request"))
        if any(word.startswith("track-sc") for word in line.words) and "src" in line.words
    ]
    if len(lines) != 1 or _is_read_before(haproxy, lines[0]):
        return None
    line = lines[0]
    at = next(index for index, word in enumerate(line.words) if word.startswith("track-sc"))
    rest = [_FORWARDED if word == "src" else word for word in line.words[at:]]
    return replace(haproxy.view, line, " ".join(("http-request", *rest)))


def _is_read_before(haproxy: HaproxyView, line: Line) -> bool:
    """Return whether a rule reads the counters before the field of a request can count: rules of
    tcp-request come first, then those of http-request in their order. Such a limit would end."""
    frontend = haproxy.proxies.frontend
    earlier = [each for each in frontend.own("http-request") if each.number < line.number]
    readers = [each for each in frontend.own("tcp-request") if each != line] + earlier
    is_moved = line.words[0] == "tcp-request"
    return is_moved and any(_READ.match(word) for each in readers for word in each.words)
