"""Visitors who are refused with 429 (RFC 6585 section 4) although they have sent hardly a request:
a limit that counts them all as one. No I/O."""

from collections.abc import Collection, Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import is_of_site
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.lazy_pattern import lazy_pattern

TOO_MANY = 429
#: Seconds of a log, or requests in it, in which a visitor is not seen before the first request.
_SEEN_BEFORE_S, _SEEN_BEFORE = 60, 20
#: Robots by their User-Agent: sites refuse those that they do not want with 429 too.
_ROBOT = lazy_pattern(r"(?i)bot\b|crawl|spider|slurp")
_MAX_AGENT = 300
#: Most visitors that are kept.
_MAX_CLIENTS = 8


@frozen
class SharedRefusal:
    """A request that is refused to several visitors: `clients` are their addresses, `first` is one
    whose first request of this kind was refused, `is_from_page` if it came from a page of the
    site, and `admitted` is how many requests of this kind were answered before, of all."""

    method: str
    path: str
    clients: tuple[str, ...]
    first: str
    is_from_page: bool
    admitted: int
    written: str


def shared_refusal(
    lines: Sequence[AccessLine], names: Collection[str], is_shared: bool, since: float
) -> SharedRefusal | None:
    """Return the request that is refused to most visitors, among them one who had sent none before;
    None if there is none."""
    if not lines:
        return None
    begin = lines[0].when
    seen: dict[tuple[str, str, str], int] = {}
    groups: dict[tuple[str, str], list[AccessLine]] = {}
    firsts: dict[tuple[str, str], AccessLine] = {}
    admitted: dict[tuple[str, str], int] = {}
    for number, line in enumerate(lines):
        is_from_page = host_of(line.referer) in names
        if not is_address(line.client) or not is_of_site(line, names, is_shared, is_from_page):
            continue
        kind, who = (line.method, line.path), (line.method, line.path, line.client)
        if line.status == TOO_MANY and _ROBOT.search(line.agent[:_MAX_AGENT]):
            continue
        if line.status == TOO_MANY and line.when >= since:
            groups.setdefault(kind, []).append(line)
            is_known = number >= _SEEN_BEFORE or line.when - begin >= _SEEN_BEFORE_S
            is_first = is_known and not seen.get(who)
            # One from a page of the site says more than a program's.
            if is_first and (kind not in firsts or is_from_page):
                firsts[kind] = line
        elif line.status < 400:
            admitted[kind] = admitted.get(kind, 0) + 1
        seen[who] = seen.get(who, 0) + 1
    shared = [
        kind
        for kind, refused in groups.items()
        if kind in firsts and admitted.get(kind) and len({line.client for line in refused}) > 1
    ]
    if not shared:
        return None
    kind = max(shared, key=lambda kind: len({line.client for line in groups[kind]}))
    first = firsts[kind]
    clients = tuple(dict.fromkeys(line.client for line in groups[kind]))
    return SharedRefusal(
        *kind,
        clients[-_MAX_CLIENTS:],
        first.client,
        host_of(first.referer) in names,
        admitted[kind],
        first.written,
    )
