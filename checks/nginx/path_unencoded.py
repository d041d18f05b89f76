"""proxy_pass has `$uri` or a capture in its address, and the path has an encoded space or another
character that no request line may have as it is: nginx passes an address with variables on as it
is, and these variables hold the decoded path (ngx_http_proxy_module, "proxy_pass";
ngx_http_core_module, "$uri"). Applications answer 400 to `GET /a b HTTP/1.0`.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of

#: Encoded characters that break a request line: controls, a space, and what is not ASCII.
_CODE = re.compile(r"%(?:[01][0-9a-f]|20|7f|[89a-f][0-9a-f])", re.IGNORECASE)
#: An address without variables, the variables that hold a decoded path, and the query.
_PASS = re.compile(
    r"(https?://[^/$\s]{1,300})((?:/[^$\s?]{0,200})?)(\$uri|\$document_uri|\$[1-9])(\$is_args\$args|\?\$args)?"
)
#: A location that takes what stands behind a prefix: "^/files/(.*)$".
_REST = re.compile(r"\^?(/[\w/.-]{0,200})\(\.\*\)\$?")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    needs_fault=[Exchange],
    explains=["upstream.own-answer", "http.page-refused", "http.answer-says-why"],
)
def path_unencoded(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path_without_query
    code = _CODE.search(path)
    pages = [
        page for page in page_exchanges(evidence) if page.status == 400 and not _is_nginx(page)
    ]
    if code is None or not pages:
        return
    for match in nginx.location_matches(evidence.target.path):
        directive = proxy_pass_of(match)
        whole_pass = _PASS.fullmatch(directive.args[0]) if directive and directive.args else None
        if directive is None or whole_pass is None:
            continue
        subjects = endpoint_subjects(pages)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*pages, *nginx.configs),
            confidence=Confidence.LIKELY,
            location=nginx.location(directive),
            facts={
                "url": pages[0].url,
                "code": code[0],
                "variable": whole_pass[3],
                "line": f"proxy_pass {directive.args[0]}",
                "place": file_line(directive),
                "pass": whole_pass[1],
            },
            fix=_fix(nginx, match, directive, whole_pass),
        )
        return


def _is_nginx(page: Exchange) -> bool:
    return proxy_page(page.body) == "nginx"


def _fix(
    nginx: Nginx, match: LocationMatch, directive: Directive, pass_match: re.Match[str]
) -> Fix:
    """Write proxy_pass without a path, where the application gets the visitor's path."""
    file = nginx.file(directive)
    if file is not None and _is_whole(match, pass_match):
        change = replace_directive(directive, f"proxy_pass {pass_match[1]};")
        if edit := config_edit(nginx, file.path, change):
            return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)
    return Fix((Manual("request-uri", Where.SERVER),), Applicability.MANUAL)


def _is_whole(match: LocationMatch, pass_match: re.Match[str]) -> bool:
    """Return whether the address is the visitor's path, which no line changes before."""
    if any(children(block, "rewrite") for block in match.blocks) or match.block.name != "location":
        return False
    if pass_match[3] in {"$uri", "$document_uri"}:
        return pass_match[2] == ""
    rest = _REST.fullmatch(match.block.args[-1])
    is_expression = match.block.args[:1] in {("~",), ("~*",)}
    return is_expression and rest is not None and pass_match[3] == "$1" and rest[1] == pass_match[2]
