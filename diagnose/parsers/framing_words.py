"""Which page of a message shows another one in a frame: "shop.example.com is embedded in an iframe
on https://portal.example.org". The site of the message is the other one. No I/O."""

import re
from collections.abc import Sequence

from diagnose.model import Symptom

#: Words for a frame, or for showing a page in one.
_FRAME = (
    r"(?:\bi-?frames?\b|\bframes?\b|\bembed\w*|\beingebettet\w*|\beinb(?:ett|ind)\w*|\bintégr\w*"
    r"|\bincorpor\w*|\bincrust\w*|\bembut\w*|встро\w*|фрейм\w*|嵌入\w*|埋め込\w*|フレーム)"
)
#: Words for the place in which something is: the page follows.
_PLACE = r"(?:on|into|inside|within|in|auf|sur|dans|en|em|na|no|на|в)"
_BEFORE = re.compile(
    rf"{_FRAME}(?:[^.!?\n]{{0,60}}[\s,])?{_PLACE}\s(?:[^\W\d_]{{1,15}}\s){{0,3}}['\"“(]?$"
    r"|(?:嵌入|嵌)(?:到|在|进)\s?['\"“(]?$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"['\"”)]?\s?(?:(?:页面|网站|站点)?(?:上|中)?的|の)\s?(?:i-?frame|フレーム|框架)"
    r"|['\"”)]?\s(?:shows?|embeds?|displays?|frames?|loads?)\s(?:\w{1,15}\s){0,3}['\"“(]?https?://",
    re.IGNORECASE,
)

#: All that Chromium shows in a frame whose page may not be shown there. Of a connection that is
#: refused it says more: "This site can’t be reached", ERR_CONNECTION_REFUSED.
_IN_FRAME = re.compile(
    r"\W*(?:https?://)?[\w.-]{1,253}(?::\d{1,5})?/?\W{1,3}"
    r"(?:refused to connect|拒绝了?我们的连接请求|hat die Verbindung abgelehnt)\W*",
    re.IGNORECASE,
)


def is_about_frame(symptom: Symptom) -> bool:
    """Return whether a message is about a page that is not shown in a frame, or may be."""
    return symptom.kind == "frame" or (
        symptom.kind == "refused" and _IN_FRAME.fullmatch(symptom.text) is not None
    )


def is_framing(before: str, after: str) -> bool:
    """Return whether the address between two texts is that of the page which shows a frame."""
    return _BEFORE.search(before) is not None or _AFTER.match(after) is not None


def text_beside_framing(text: str, urls: Sequence[str]) -> str:
    """Return a message without its only URL, where that is of the page which shows a frame: a name
    beside it is the site. "" if it is not."""
    url = urls[0] if len(urls) == 1 else ""
    start = text.find(url) if url else -1
    end = start + len(url)
    if start < 0 or not is_framing(text[max(start - 80, 0) : start], text[end : end + 80]):
        return ""
    return f"{text[:start]} {text[end:]}"
