"""Asks for a hidden file of a program that a message or the address names (".env", ".git/config"):
whether the site offers it to everybody. Only the header is asked for (HEAD): what is in the file is
nobody's to read. A name that no site has is the control: some programs answer every path alike.
"""

from urllib.parse import urlsplit

from diagnose.model.http import Exchange, RequestPurpose
from diagnose.model.site_folders import HiddenFile
from diagnose.parsers.browser_types import mime_type
from diagnose.parsers.hidden_files import is_hidden_file, named_hidden_file
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_requests import PageRequest, request_anew

_UNKNOWN = "-no-such-file"


async def request_named_file(ctx: ProbeContext, page: Exchange) -> None:
    symptom, own = ctx.target.symptom, ctx.target.path_without_query
    path = named_hidden_file(symptom.text) if symptom else ""
    is_own = is_hidden_file(own)
    if page.status is None or not (path or is_own):
        return
    if not ctx.further_requests.begin("a hidden file of the site"):
        return
    answer = page
    if not is_own:
        answer = await _request(ctx, page, path, "hidden") or page
    if answer.status != 200 or (answer is page and not is_own):
        return
    control = await _request(ctx, page, f"{own if is_own else path}{_UNKNOWN}", "unknown")
    if control is not None and control.status is not None:
        ctx.emit(
            HiddenFile(
                at=ctx.elapsed(), equivalent=answer.equivalent, url=answer.url,
                address=answer.address, port=answer.port, status=answer.status,
                media_type=mime_type(answer.headers), control_status=control.status,
                control_type=mime_type(control.headers),
            )
        )  # fmt: skip


async def _request(
    ctx: ProbeContext, page: Exchange, path: str, purpose: RequestPurpose
) -> Exchange | None:
    url = urlsplit(page.url)._replace(path=path, query="").geturl()
    request = PageRequest(url, page.address, purpose, page.verified, own_method="HEAD")
    return await request_anew(ctx, request)
