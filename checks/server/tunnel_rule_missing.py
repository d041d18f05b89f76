"""Visitors come through a tunnel of Cloudflare's, and its client on the server (cloudflared) has no
rule for the name: the rule for all names, which has to be the last one, answers with a status of
its own (`http_status:404`), and no program of this server is asked.

The first rule wins whose name and path are the request's (`ingress` in Cloudflare's documentation).
The page's status is that of the rule, and it is empty, so the answer is its own. Of an error of the
server (5xx) Cloudflare may show a page of its own.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.server._tunnel_edits import (
    fix_of,
    inserted_rule,
    pages_of_cloudflare,
    rule_facts,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.processes import TunnelRule
from diagnose.parsers.tunnel_rules import ingress_rules

_OF_SERVER = 500


@check(
    severity=Severity.ERROR,
    needs=[TunnelRule, Exchange],
    explains=[
        "http.server-error", "http.not-the-site", "http.cdn-error", "http.page-refused",
        "http.error-in-front", "http.no-redirect", "dns.cdn-in-front",
        "websocket.not-upgraded", "websocket.not-served",
    ],
)  # fmt: skip
def tunnel_rule_missing(evidence: Evidence) -> Iterator[Claim]:
    pages = pages_of_cloudflare(evidence)
    for rule in evidence.good(TunnelRule) if pages else ():
        is_own = rule.status is not None and all(page.status == rule.status for page in pages)
        # cloudflared sends no page with its status. Another tunnel's application may have one.
        is_empty = not any(page.body.strip() for page in pages)
        if not is_own or not (is_empty or (rule.status or 0) >= _OF_SERVER):
            continue
        if rule.name not in {"", "*"}:
            continue
        target = evidence.target
        service = _service_of_others(rule)
        near = _near_name(rule, target.host)
        yield Claim(
            about=Subject(port=target.port, path=target.path_without_query),
            covers=(
                *endpoint_subjects(pages),
                Subject(port=target.port),
                Subject(port=80),
                Subject(name=target.host, text=target.host),
            ),
            because=(rule, *pages),
            confidence=Confidence.CERTAIN if is_empty else Confidence.LIKELY,
            facts={
                **rule_facts(rule),
                "name": target.host,
                "status": rule.status or "",
                "names": rule.names,
                "near": near,
                "wanted": service,
                "command": rule.equivalent,
            },
            fix=fix_of(rule, inserted_rule(rule, target.host, service), "add-the-rule"),
        )
        return


def _service_of_others(rule: TunnelRule) -> str:
    """Return the address to which all the other rules lead; "" if they lead to several."""
    services = {
        ingress_rule.service
        for ingress_rule in ingress_rules(rule.text)
        if ingress_rule.host and ingress_rule.place
    }
    return services.pop() if len(services) == 1 else ""


def _near_name(rule: TunnelRule, host: str) -> str:
    """Return a name of the rules that a wrong label or a forgotten `www.` makes of the target's."""
    bare = re.sub(r"^www\.", "", host.lower())
    return next((name for name in rule.names if re.sub(r"^www\.", "", name.lower()) == bare), "")
