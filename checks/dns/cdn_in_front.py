"""A CDN answers for the site: what is observed from outside is the CDN, not the origin server."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Observation, Severity, Subject
from diagnose.model.dns import Resolution, final_answers
from diagnose.model.http import Exchange
from diagnose.parsers.cdn import ALIASES

#: Fields that a CDN adds to its responses: name, beginning of the value, the CDN.
CDN_HEADERS = (
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
    signs = [*_alias_signs(evidence), *_header_signs(evidence)]
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


Sign = tuple[str, str, Observation]


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
        for field, prefix, cdn in CDN_HEADERS:
            value = exchange.header(field)
            if value is not None and value.lower().startswith(prefix):
                yield cdn, f"{field}: {value[:60]}", exchange
