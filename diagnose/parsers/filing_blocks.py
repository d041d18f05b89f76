"""Pages with which a provider in mainland China takes a site's place while its name has no ICP
filing (备案) there. No I/O.

No provider documents these pages. The marks are from users' reports and may change; `last_report`
is the month of the latest one that was found when this list was made (`AS_OF`).
"""

from urllib.parse import parse_qs, urlsplit

from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.parsers.cdn import field_signs
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.urls import parse_url

#: The month in which these marks were looked up.
AS_OF = "2026-11"


@frozen
class BlockPage:
    """How a provider's page is recognized, and where the marks are from.

    A page has this status and Server, and one of the marks in its body. Behind a CDN, which writes
    its own Server, it has two of them.
    """

    provider: str
    status: int
    server: str
    marks: tuple[str, ...]
    last_report: str
    source: str


#: More than ten independent reports in public repositories and blogs show the first mark; the
#: address of the frame was batit.aliyun.com in captures up to December 2024.
PAGES = (
    BlockPage(
        provider="Alibaba Cloud",
        status=403,
        server="Beaver",
        marks=(
            "Non-compliance ICP Filing",
            "aliyun.com/beian/beian-block",
            "batit.aliyun.com/alww.html",
            "该域名当前备案状态不符合访问要求",
        ),
        last_report="2026-09",
        source="users' captures: `Server: Beaver`, this title, a frame of aliyun.com",
    ),
)


@frozen
class BlockRedirect:
    """A redirect to a provider's page that names the blocked name in its query."""

    provider: str
    host: str
    path: str
    query: str
    last_report: str
    source: str


REDIRECT_PAGES = (
    BlockRedirect(
        provider="Tencent Cloud",
        host="dnspod.qcloud.com",
        path="/static/webblock.html",
        query="d",
        last_report="2026-09",
        source="users' captures: 302 to webblock.html?d=NAME for that Host on any port",
    ),
)


#: Tencent Cloud's regions in mainland China (its document "Regions and Availability Zones"). Those
#: of others begin with "cn-" (Alibaba Cloud, Huawei Cloud, AWS) or "china" (Azure).
_TENCENT_MAINLAND = frozenset(
    f"ap-{city}" for city in ("beijing", "chengdu", "chongqing", "guangzhou", "nanjing", "shanghai")
)


def is_in_mainland(region: str) -> bool:
    """Return whether a provider's region is in mainland China, where names need an ICP filing."""
    name = region.lower()
    if name == "cn-hongkong":
        return False
    return name.startswith(("cn-", "china")) or name in _TENCENT_MAINLAND


@frozen
class FilingBlock:
    """A provider's page in a site's place. `behind` is the CDN that passed it on, "" for none."""

    provider: str
    behind: str = ""


def filing_block(answer: Exchange) -> FilingBlock | None:
    """Return the block that a response shows, or None.

    A page that only speaks of a filing shows none, and neither does a redirect for another name.
    """
    for page in PAGES:
        marks = sum(mark in answer.body for mark in page.marks)
        if answer.status != page.status or not marks:
            continue
        if answer.header("Server") == page.server:
            return FilingBlock(page.provider)
        signs = field_signs(answer.headers)
        if signs and marks > 1:
            return FilingBlock(page.provider, behind=signs[0][0])
    return _redirect_block(answer)


def _redirect_block(answer: Exchange) -> FilingBlock | None:
    location, requested_url = answer.header("Location") or "", parse_url(answer.url)
    if answer.status not in REDIRECTS or requested_url is None or not location.startswith("http"):
        return None
    for page in REDIRECT_PAGES:
        url = parse_url(location)
        if url is None or (url.host, url.path.partition("?")[0]) != (page.host, page.path):
            continue
        names = parse_qs(urlsplit(location).query).get(page.query, ())
        if requested_url.host in [name.lower() for name in names]:
            return FilingBlock(page.provider)
    return None
