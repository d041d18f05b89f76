"""Faults that a person's message tells and that the run's own request does not meet: it sends no
message to a chat, and no field of an application. What the message says is put to the
configuration."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.model import Evidence
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of

_LOCAL = r"(?:127\.0\.0\.1|::1|localhost|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3})"
_ONE = rf"(?:{_LOCAL}|nginx|代理|内网|网关|同一|一样)"
#: Messages about the address of visitors. Not meant is an address that cannot be reached.
VISITOR_ADDRESS = re.compile(
    r"(?:获取|拿|取|得|看)\s{0,2}(?:不到|不了|不出).{0,12}(?:ip|地址)"
    r"|(?:无法|不能|怎么|如何|只能)\s{0,2}(?:获取|拿到|得到|取得|记录|看到)到?.{0,16}(?:ip|地址)"
    rf"|(?:日志|显示|记录|获取|识别).{{0,24}}(?:ip|地址).{{0,24}}{_ONE}"
    rf"|(?:ip|地址).{{0,20}}(?:都|全|一直|总)部?(?:是|为|显示).{{0,12}}{_ONE}"
    rf"|(?:拿到|取到|得到).{{0,16}}ip.{{0,24}}{_ONE}"
    r"|(?:获取|拿到|得到|取得).{0,12}真实的?\s{0,2}(?:ip|地址)"
    r"|\breal ip (?:is )?(?:not|never) (?:show|log|pass|set)"
    r"|\b(?:get|getting|see|log(?:s|ged|ging)?|shows?|read|pass|forward|instead of|lose)\b.{0,40}"
    r"\breal[- ](?:(?:client|visitor|user|remote)[- ])?ip\b"
    r"|\b(?:getRemoteAddr|remote_?addr|X-Real-IP|X-Forwarded-For)\b.{0,40}"
    rf"(?:{_LOCAL}|\b(?:empty|missing|always|same|wrong|null|none|not set)\b)"
    r"|\b(?:client|visitor|user|remote)(?:'?s)?[- ](?:real )?(?:ip|address)(?:es)?\b"
    rf".{{0,60}}(?:{_LOCAL}|\b(?:proxy|nginx|same)\b)"
    r"|\b(?:all|every|always|only)\b.{0,60}\b(?:comes?|coming|are|is|has|have|shows?|appears?)\b"
    rf".{{0,20}}{_LOCAL}(?!:\d)"
    r"|\bsame ip(?: address)? for (?:all|every)",
    re.IGNORECASE,
)


def told_text(evidence: Evidence, pattern: re.Pattern[str]) -> str:
    """Return the message if it is about this; "" if not, or if there is none."""
    symptom = evidence.target.symptom
    return symptom.text if symptom is not None and pattern.search(symptom.text) else ""


def passed_paths(evidence: Evidence) -> Iterator[tuple[Nginx, LocationMatch, str]]:
    """Yield the locations that pass on the page, or what its scripts ask for, each once with the
    first of its paths."""
    nginx = Nginx.of(evidence)
    readers: list[Page | PageFileResponse] = [
        *evidence.good(Page),
        *evidence.good(PageFileResponse),
    ]
    asked = [path for reader in readers for path in (*reader.sent_paths, *reader.data_paths)]
    seen: set[int] = set()
    for path in dict.fromkeys((evidence.target.path.partition("?")[0], *asked)):
        for match in nginx.location_matches(path.partition("?")[0]):
            if proxy_pass_of(match) is not None and id(match.block) not in seen:
                seen.add(id(match.block))
                yield nginx, match, path
