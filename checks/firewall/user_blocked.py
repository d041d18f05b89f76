"""A rule for a user's programs keeps nginx's workers from the application (iptables-extensions(8),
`-m owner`; nft(8), `meta skuid`). Our own connection, which is root's, opens: so the application
runs, and nothing else stops it.

The rules are evaluated for the connection of either user.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall._netfilter import decide, netfilter_view
from checks.http import target_websocket_opens
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import NginxBuild, NginxState, UpstreamTry
from diagnose.parsers.netfilter import Packet

#: Where a rule for users can stand.
_HOOKS = {"output", "postrouting"}


@check(
    severity=Severity.ERROR,
    needs=[Ruleset, UpstreamTry, NginxState],
    explains=[
        "http.server-error", "upstream.timeout", "upstream.answered-by-own-page",
        "websocket.not-upgraded", "websocket.upstream-failed", "firewall.rule-unjudged",
        "nginx.other-requests-failed",
    ],
    on_loopback=True,
)  # fmt: skip
def user_blocked(evidence: Evidence) -> Iterator[Claim]:
    nginx, pages = Nginx.of(evidence), _failed_pages(evidence)
    user = nginx.master.worker_user if nginx.master else None
    if user is None or not pages:
        return
    view, name = netfilter_view(evidence), _user_name(nginx)
    for attempt in evidence.good(UpstreamTry):
        if not is_loopback(attempt.address) or attempt.path != evidence.target.path:
            continue
        packet = Packet(attempt.address, attempt.address, attempt.port, "lo", host=view.host)
        decisions = [
            decide(view.ruleset.rules, replace(packet, user=number, user_name=own_name))
            for number, own_name in ((0, "root"), (user, name))
        ]
        place = view.ruleset.position_of(decisions[1])
        is_stopped = decisions[1].verdict in {"drop", "reject"} and decisions[1].hook in _HOOKS
        if decisions[0].verdict != "accept" or not is_stopped or place is None:
            continue
        table = f"{place.table.family} {place.table.name}"
        yield Claim(
            about=Subject(port=evidence.target.port, path=evidence.target.path),
            covers=(
                Subject(port=evidence.target.port, path=evidence.target.path),
                *(
                    Subject(port=evidence.target.port, path=path)
                    for path in evidence.target.websockets
                ),
                Subject(port=evidence.target.port),
                Subject(port=80),
            ),
            because=(*view.because, attempt, *pages),
            confidence=Confidence.CERTAIN,
            facts={
                "application": str(Subject(address=attempt.address, port=attempt.port)),
                "user": name or str(user),
                "rule": place.text,
                "policy": place.rule is None,
                "chain": place.chain.name,
                "table": table,
                "program": place.program,
                "nft": place.program == "nft",
                "reject": decisions[1].verdict == "reject",
                "port": attempt.port,
            },
            fix=Fix((Manual("accept-the-user", Where.SERVER),), Applicability.MANUAL),
        )
        return


def _failed_pages(evidence: Evidence) -> list[Exchange]:
    """Return the pages that failed as nginx fails without its application."""
    if target_websocket_opens(evidence):
        return []
    return [
        page
        for page in page_exchanges(evidence)
        if page.status in {502, 504}
        or (page.failure is not None and page.failure.kind == "timeout")
    ]


def _user_name(nginx: Nginx) -> str:
    """Return the name of the workers' user by the configuration or the build; "" if only its number
    is known."""
    directives = nginx.config.main if nginx.config else ()
    names = [item.args[0] for item in directives if item.name == "user" and item.args]
    for build in nginx.evidence.good(NginxBuild):
        options = (argument.partition("=") for argument in build.arguments)
        names += [value for option, _, value in options if option == "--user" and value]
    return next(iter(names), "")
