"""Error pages that a CDN or a load balancer makes itself, because it got no right answer from the
server behind it. No I/O.

Each entry says where its marks are from; `AS_OF` is the month in which they were looked up. A mark
that only one provider's product sends names the product. The page of a program that anybody may
run, such as HAProxy, shows a balancer only where its address is known not to be the server's
(`is_program`).
"""

import re
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange

AS_OF = "2026-11"

#: What failed: the connection was refused ("refused"), not answered ("silent"), had no route
#: ("unreachable"), or the answer came too late ("slow"); the TLS handshake or the certificate; the
#: name of the server does not resolve ("dns"); it cannot connect, or TLS fails ("connect"); the
#: server closed the connection or its answer is malformed ("broken"); no server is registered
#: ("no-target") or none is healthy ("unhealthy"); the tunnel from the server is not connected
#: ("tunnel").
Meaning = Literal[
    "refused", "silent", "unreachable", "slow", "handshake", "certificate", "dns", "connect",
    "broken", "no-target", "unhealthy", "tunnel",
]  # fmt: skip
FrontKind = Literal["cdn", "balancer"]


@frozen
class FrontError:
    """What an error page in front says: whose it is, and what failed behind it.

    `networks` are the documented addresses from which the product checks its servers, "" if they
    are the customer's own or not documented.
    """

    product: str
    kind: FrontKind
    meaning: Meaning
    is_program: bool = False
    networks: str = ""


@frozen
class ErrorPage:
    """How a product's own error page is recognized: the status, a field that begins with a value
    ("" for any), and a pattern in the body or the reason phrase; each that is set must match."""

    error: FrontError
    statuses: tuple[int, ...]
    source: str
    field: tuple[str, str] = ("", "")
    pattern: str = ""


def _pages(
    product: str,
    kind: FrontKind,
    source: str,
    meanings: dict[int, Meaning],
    field: tuple[str, str] = ("", ""),
    pattern: str = "",
    is_program: bool = False,
    networks: str = "",
) -> tuple[ErrorPage, ...]:
    """Return one entry for each status."""
    return tuple(
        ErrorPage(
            FrontError(product, kind, meaning, is_program, networks),
            (status,),
            source,
            field,
            pattern,
        )
        for status, meaning in meanings.items()
    )


_CLOUDFLARE: dict[int, Meaning] = {
    **dict.fromkeys(range(520, 531), "broken"),
    521: "refused",
    522: "silent",
    523: "unreachable",
    524: "slow",
    525: "handshake",
    526: "certificate",
    530: "dns",
}
_CLOUDFLARE_DOC = "developers.cloudflare.com, Cloudflare 5xx errors"
#: EdgeOne has each of these twice, the second time 30 higher.
_EDGEONE: dict[int, Meaning] = {
    520: "broken",
    521: "refused",
    522: "silent",
    523: "dns",
    524: "slow",
    525: "handshake",
}
_CLOUDFRONT: tuple[tuple[int, Meaning, str], ...] = (
    (502, "dns", r"CloudFront wasn't able to resolve the origin domain name"),
    (502, "connect", r"CloudFront wasn't able to connect to the origin"),
    (504, "connect", r"CloudFront attempted to establish a connection with the origin"),
)
_HUAWEI: dict[str, Meaning] = {"40000": "no-target", "40001": "no-target", "50000": "unhealthy"}
_AKAMAI_DOC = "Akamai, error reference numbers (ERR_… of the edge)"
#: The number before the first dot of Akamai's reference, encoded or not.
_REFERENCE = r"Reference(?: |&#32;)(?:#|&#35;){}(?:\.|&#46;)"
_AKAMAI: dict[int, Meaning] = {
    1: "slow",
    3: "broken",
    6: "refused",
    11: "dns",
    30: "certificate",
    97: "silent",
}
_FASTLY: dict[str, Meaning] = {
    "backend read error": "broken",
    "first byte timeout": "slow",
    "between bytes timeout": "slow",
    "connection timed out": "silent",
    "All backends failed or unhealthy": "unhealthy",
}
_ALB_DOC = "docs.aws.amazon.com, Troubleshoot your Application Load Balancers"
_GATEWAY: dict[int, Meaning] = {502: "broken", 503: "unhealthy", 504: "slow"}

#: "Cloudflare 1xxx errors": error 1033, of a host name that leads to a tunnel.
_TUNNEL = r"[Ee]rror(?: code:)? 1033|Cloudflare Tunnel error"

PAGES: tuple[ErrorPage, ...] = (
    *_pages("Cloudflare", "cdn", _CLOUDFLARE_DOC, {530: "tunnel"}, ("cf-ray", ""), _TUNNEL),
    *_pages("Cloudflare", "cdn", _CLOUDFLARE_DOC, _CLOUDFLARE, ("cf-ray", "")),
    *_pages("Cloudflare", "cdn", _CLOUDFLARE_DOC, _CLOUDFLARE, ("server", "cloudflare")),
    *_pages(
        "Tencent EdgeOne",
        "cdn",
        "cloud.tencent.com/document/product/1552/101095",
        {**_EDGEONE, **{status + 30: meaning for status, meaning in _EDGEONE.items()}},
        ("eo-log-uuid", ""),
    ),
    *(
        page
        for status, meaning, pattern in _CLOUDFRONT
        for page in _pages(
            "Amazon CloudFront",
            "cdn",
            "docs.aws.amazon.com, CloudFront: HTTP 502 and 504 status codes",
            {status: meaning},
            ("x-amz-cf-id", ""),
            pattern,
        )
    ),
    *(
        page
        for number, meaning in _AKAMAI.items()
        for page in _pages(
            "Akamai",
            "cdn",
            _AKAMAI_DOC,
            dict.fromkeys((502, 503, 504), meaning),
            ("server", "akamaighost"),
            _REFERENCE.format(number),
        )
    ),
    *(
        page
        for words, meaning in _FASTLY.items()
        for page in _pages(
            "Fastly",
            "cdn",
            "fastly.com/documentation, Fastly-generated 503 errors in VCL",
            {503: meaning},
            ("x-served-by", "cache-"),
            rf"(?:Error|<title>) ?503 {words}",
        )
    ),
    *_pages(
        "AWS Application Load Balancer",
        "balancer",
        _ALB_DOC,
        {502: "broken", 503: "no-target", 504: "silent"},
        ("server", "awselb/"),
        # A rule's fixed response has the same Server, and other words.
        r"<h1>50[234] [A-Za-z -]{7,40}</h1>",
    ),
    *_pages(
        "Google Cloud load balancer",
        "balancer",
        "cloud.google.com, Troubleshoot external Application Load Balancers",
        {502: "unhealthy"},
        ("via", "1.1 google"),
        r"server encountered a temporary error and could not complete your request",
        networks="35.191.0.0/16, 130.211.0.0/22",
    ),
    *(
        page
        for code, meaning in _HUAWEI.items()
        for page in _pages(
            "Huawei Cloud ELB",
            "balancer",
            "support.huaweicloud.com/elb_faq/elb_faq_0100.html",
            dict.fromkeys((404, 502, 503, 504), meaning),
            ("x-router-code", code),
        )
    ),
    *_pages(
        "Azure Application Gateway",
        "balancer",
        "learn.microsoft.com, Troubleshooting bad gateway errors in Application Gateway",
        {502: "unhealthy", 504: "slow"},
        ("server", "microsoft-azure-application-gateway"),
    ),
    *_pages(
        "Tencent Cloud load balancer (stgw)",
        "balancer",
        "captures in public repositories and Tencent's own documents",
        _GATEWAY,
        pattern=r"<center>stgw(?:/[\d._]{1,30})?</center>",
    ),
    *_pages(
        "Tengine",
        "balancer",
        "github.com/alibaba/tengine; Alibaba Cloud's CLB, ALB and CDN send this page",
        _GATEWAY,
        pattern=r"Powered by Tengine",
        is_program=True,
        networks="100.64.0.0/10",
    ),
    *_pages(
        "HAProxy",
        "balancer",
        "HAProxy's source, http_err_msgs",
        {503: "unhealthy"},
        pattern=r"No server is available to handle this request",
        is_program=True,
    ),
    *_pages(
        "HAProxy",
        "balancer",
        "HAProxy's source, http_err_msgs",
        {502: "broken", 504: "slow"},
        pattern=r"The server (?:returned an invalid or incomplete response|didn't respond in time)",
        is_program=True,
    ),
    *_pages(
        "Envoy",
        "balancer",
        "Envoy's source, source/common/router/router.cc",
        {503: "unhealthy"},
        pattern=r"\A(?:\*\*\* )?no healthy upstream",
        is_program=True,
    ),
    *_pages(
        "Envoy",
        "balancer",
        "Envoy's source, source/common/router/router.cc",
        {502: "broken", 503: "broken"},
        pattern=r"\A(?:\*\*\* )?upstream connect error or disconnect/reset before headers",
        is_program=True,
    ),
    *_pages(
        "Envoy",
        "balancer",
        "Envoy's source, source/common/router/router.cc",
        {504: "slow"},
        pattern=r"\A(?:\*\*\* )?upstream request timeout",
        is_program=True,
    ),
    *_pages(
        "Traefik",
        "balancer",
        "Traefik's source, pkg/server/service/loadbalancer",
        {503: "unhealthy"},
        pattern=r"\A(?:\*\*\* )?no available server",
        is_program=True,
    ),
)

_STATUSES = frozenset(status for page in PAGES for status in page.statuses)


def front_error(answer: Exchange) -> FrontError | None:
    """Return what a CDN's or load balancer's own error page says, or None."""
    if answer.status not in _STATUSES:
        return None
    return next((page.error for page in PAGES if _matches(page, answer)), None)


def _matches(page: ErrorPage, answer: Exchange) -> bool:
    name, prefix = page.field
    value = answer.header(name) if name else ""
    return (
        answer.status in page.statuses
        and value is not None
        and value.lower().startswith(prefix)
        # Compiled only now: most runs meet no such status.
        and re.search(page.pattern, answer.body, re.IGNORECASE) is not None
    )
