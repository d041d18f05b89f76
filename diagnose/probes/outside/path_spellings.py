"""Asks for a page that answers 404 with a last slash, or without it: applications, and locations of
nginx for one path alone, know one of the two. A path that no site has is the control.
"""

import re
from urllib.parse import urlsplit

from diagnose.model.http import Exchange, RequestPurpose
from diagnose.model.marks import Url
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_requests import PageRequest, request_anew

#: A path of words. What has an ending is a file, which has no other spelling.
_WORDS = re.compile(r"(?:/[\w~-]{1,60}){1,6}/?", re.ASCII)
_UNKNOWN = "-no-such-page"


def other_spelling(path: str) -> str:
    """Return the path with a last slash, or without the one that it has; "" if it has no other."""
    if not _WORDS.fullmatch(path):
        return ""
    return path.removesuffix("/") if path.endswith("/") else f"{path}/"


async def request_other_spelling(ctx: ProbeContext, page: Exchange) -> None:
    """Request the other spelling, and the control if that is a page."""
    url = urlsplit(page.url)
    spelling = other_spelling(url.path)
    if not spelling or page.method != "GET":
        return
    if not ctx.further_requests.begin("the other spelling of the path"):
        return
    slash = "/" if spelling.endswith("/") else ""
    served = await request_anew(ctx, _request(page, url._replace(path=spelling).geturl()))
    if served is not None and served.status == 200:
        control = f"{spelling.removesuffix('/')}{_UNKNOWN}{slash}"
        request = _request(page, url._replace(path=control).geturl(), is_control=True)
        await request_anew(ctx, request)


def _request(page: Exchange, url: Url, is_control: bool = False) -> PageRequest:
    purpose: RequestPurpose = "unknown" if is_control else "spelling"
    return PageRequest(url, page.address, purpose, page.verified)
