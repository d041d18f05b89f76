"""The application takes every visitor for one machine: by a message its log, its limits or its
lists show the address of nginx (127.0.0.1, or a container's gateway) for everybody. nginx passes on
a connection of its own, and the visitor's address only if a line says so (ngx_http_proxy_module,
proxy_set_header; RFC 7239 section 5.2).

The page itself comes, so that without a message nobody can tell whether the application wants to
know the address.
"""

import re
from collections.abc import Iterator

from checks.nginx import file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import header_lines, insert_lines, location_fix
from checks.upstream._told import passed_paths, told_text
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
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of

_LOCAL = r"(?:127\.0\.0\.1|::1|localhost|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3})"
_ONE = rf"(?:{_LOCAL}|nginx|代理|内网|网关|同一|一样)"
#: Messages about the address of visitors. Not meant is an address that cannot be reached.
_TOLD = re.compile(
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
#: Fields in which a proxy tells the visitor's address.
_FIELDS = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "CF-Connecting-IP")
_LINES = {"X-Real-IP": "$remote_addr", "X-Forwarded-For": "$proxy_add_x_forwarded_for"}


@check(severity=Severity.WARNING, needs=[NginxConfig])
def visitor_address_missing(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, path in passed_paths(evidence) if told_text(evidence, _TOLD) else ():
        directive = proxy_pass_of(match)
        if directive is None or any(proxy_set_header_of(match, name) for name in _FIELDS):
            continue
        changes: Changes = {}
        insert_lines(nginx, match, header_lines(nginx, match, _LINES, changes), changes)
        file_edits = config_edits(nginx, changes)
        yield Claim(
            about=Subject(port=evidence.target.port, path=path),
            because=(nginx.config,) if nginx.config else (),
            confidence=Confidence.LIKELY,
            location=nginx.location(directive),
            facts={
                "application": directive.args[0] if directive.args else "",
                "location": " ".join((match.block.name, *match.block.args)),
                "place": file_line(directive),
            },
            fix=location_fix(nginx, match, file_edits, sure=False)
            if file_edits
            else Fix((Manual("tell-the-address", Where.SERVER),), Applicability.MANUAL),
        )
        return
