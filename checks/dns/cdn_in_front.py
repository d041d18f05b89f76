"""The answers come from a CDN: what is seen from outside is the CDN's, not the origin's."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Observation, Severity, Subject
from diagnose.model.dns import Resolution, final_answers
from diagnose.model.http import Exchange
from diagnose.parsers.cdn import ALIASES

#: Fields that a CDN adds to what it serves: name, what the value begins with, whose it is.
FIELDS = (
    ("cf-ray", "", "Cloudflare"),
    ("x-amz-cf-id", "", "Amazon CloudFront"),
    ("x-fastly-request-id", "", "Fastly"),
    ("server", "akamaighost", "Akamai"),
    ("x-azure-ref", "", "Azure Front Door"),
    ("server", "bunnycdn", "bunny.net"),
    ("x-iinfo", "", "Imperva"),
    ("eagleid", "", "Alibaba Cloud CDN"),
    ("x-nws-log-uuid", "", "Tencent Cloud CDN"),
    ("x-hcs-proxy-type", "", "Huawei Cloud CDN"),
)


@check(severity=Severity.NOTE, needs=[Resolution])
def cdn_in_front(evidence: Evidence) -> Iterator[Claim]:
    found = [*_by_alias(evidence), *_by_field(evidence)]
    if not found:
        return
    whose = found[0][0]
    yield Claim(
        about=Subject(name=evidence.target.host),
        because=tuple(seen for name, _, seen in found if name == whose),
        facts={
            "name": evidence.target.host,
            "cdn": whose,
            "shown": tuple(dict.fromkeys(shown for name, shown, _ in found if name == whose)),
        },
    )


Sign = tuple[str, str, Observation]


def _by_alias(evidence: Evidence) -> Iterator[Sign]:
    for answer in final_answers(evidence).values():
        for alias in answer.aliases:
            for end, whose in ALIASES:
                if alias.endswith(end):
                    yield whose, f"CNAME {alias}", answer


def _by_field(evidence: Evidence) -> Iterator[Sign]:
    # A step of a redirect may lead to another host, which is not the target's.
    for seen in evidence.good(Exchange):
        if seen.purpose not in {"target", "plain"}:
            continue
        for field, begin, whose in FIELDS:
            value = seen.header(field)
            if value is not None and value.lower().startswith(begin):
                yield whose, f"{field}: {value[:60]}", seen
