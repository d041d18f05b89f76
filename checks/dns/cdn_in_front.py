"""A CDN answers for the site: what is observed from outside is the CDN, not the origin server."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Observation, Severity, Subject
from diagnose.model.dns import Resolution, final_answers
from diagnose.model.http import Exchange
from diagnose.parsers.cdn import ALIASES, field_signs


@check(severity=Severity.NOTE, needs=[Resolution])
def cdn_in_front(evidence: Evidence) -> Iterator[Claim]:
    signs = cdn_signs(evidence)
    if not signs:
        return
    cdn = signs[0][0]
    yield Claim(
        about=Subject(name=evidence.target.host),
        because=tuple(observation for name, _, observation in signs if name == cdn),
        facts={
            "name": evidence.target.host,
            "cdn": cdn,
            "shown": tuple(dict.fromkeys(sign_text for name, sign_text, _ in signs if name == cdn)),
        },
    )


#: The CDN, the sign as it was seen, and where.
Sign = tuple[str, str, Observation]


def cdn_signs(evidence: Evidence) -> list[Sign]:
    """Return the signs of CDNs: those of DNS first, then those of responses."""
    return [*_alias_signs(evidence), *_header_signs(evidence)]


def _alias_signs(evidence: Evidence) -> Iterator[Sign]:
    for answer in final_answers(evidence).values():
        for alias in answer.aliases:
            for suffix, cdn in ALIASES:
                if alias.endswith(suffix):
                    yield cdn, f"CNAME {alias}", answer


def _header_signs(evidence: Evidence) -> Iterator[Sign]:
    # A redirect may lead to another host, whose CDN is not the target's.
    for exchange in evidence.good(Exchange):
        if exchange.purpose not in {"target", "plain"}:
            continue
        for cdn, sign_text in field_signs(exchange.headers):
            yield cdn, sign_text, exchange
