"""Which address of a message is that of the page that asks, and not of what it asks for: "the fetch
from https://app.example.org to https://shop.example.com/api fails". No I/O.

Most languages put a word before each of the two. Japanese and Korean put it behind the address;
Chinese does both. Of one address alone nothing is said: "data from https://…" is asked for there.
"""

import re

_ADDRESS = re.compile(
    r"(?i)(?<![a-z0-9])(?:https?|wss?)://([\w.-]{1,253}(?::\d{1,5})?)(/[\w./?&=%~-]{0,500})?"
)
#: What stands between such a word and the address: "from my page at", "von unserer Seite".
_BETWEEN = r"(?:[^\W\d_][\w-]{0,19}\s){0,3}['\"“‘«「(<]?$"
_FROM = re.compile(
    r"(?<![\w-])(?:from|desde|depuis|von|aus|da|dal|dalla|vanaf|vanuit|van|из|от|с|со"
    r"|front-?end|spa|фронт\w{0,8})\s"
    + _BETWEEN
    + r"|(?:从|在|由|前端|前台)(?:域名|地址|页面|网站|站点|是|为|[:：])?\s?['\"“‘「(（<]?$",
    re.IGNORECASE,
)
_FROM_BEHIND = re.compile(r"\S?\s?(?:から|より|에서)")
_TO = re.compile(
    r"(?<![\w-])(?:to|at|against|calls?|calling|fetch\w{0,3}|requests?|asks?|an|auf|zu|nach|gegen|vers|à"
    r"|sur|a|al|alla|para|hacia|contra|ao|verso|su|naar|do|к|на|в|api|back-?end|endpoint)\s"
    + _BETWEEN
    + r"|(?:请求|調用|调用|访问|连接?|接口|后端|到|向|至|发送?|fetch|axios|ajax)"
    r"(?:域名|地址|接口|是|为|到|给|[:：])?\s?['\"“‘「(（<]?$",
    re.IGNORECASE,
)
_TO_BEHIND = re.compile(r"\S?\s?(?:への?|に|を|の ?API|(?:으)?로|에|을|를)")
#: Words of a request of a page's script. A sentence that moves or leads a site from one address to
#: another has those of a move.
_REQUEST = re.compile(
    r"(?i)(?<![a-z])(?:fetch\w{0,3}|xhr|axios|ajax|xmlhttprequest|cors|cross-origin|preflight)(?![a-z])|\b(?:requests?"
    r"|api|calls?|calling|web ?sockets?|anfragen?|aufruf\w{0,2}"
    r"|requêtes?|appel\w{0,3}|petici[oó]n\w{0,2}|solicitud\w{0,2}|llam\w{1,4}|requisiç\w{2,4}"
    r"|chamad\w{1,2}|richiest\w|chiamat\w|verzoek\w{0,2}|żądani\w{1,2}|zapytani\w{1,2}"
    r"|запрос\w{0,3}|вызыва\w{1,4})\b"
    r"|跨域|请求|調用|调用|接口|リクエスト|呼び出|요청|호출"
)
_MOVE = re.compile(
    r"(?i)\b(?:re-?direct\w{0,4}|forward\w{0,4}|moved?|moving|migrat\w{1,4}|switch\w{0,4}|renam\w{1,4}"
    r"|chang(?:e|ed|ing)|weiterleit\w{1,3}|weitergeleitet|umgeleitet|umgezogen|umzug|redirig\w{1,4}"
    r"|redirec\w{1,8}|migr\w{1,6}|mud\w{1,4}|перенаправ\w{1,6}|редирект\w{0,2}|пере[её]х\w{1,6}"
    r"|reindirizz\w{1,6}|spostat\w|przekierow\w{1,5}|links?|clic\w{0,4})\b"
    r"|重定向|跳转|迁移|リダイレクト|移行|転送|리다이렉트|이전"
)


def asking_page(text: str) -> tuple[int, str] | None:
    """Return where the address of the page that asks stands in a message, and its origin ("scheme",
    host and port); None where the words do not tell both the page and another site that is asked.
    """
    if not _REQUEST.search(text) or _MOVE.search(text):
        return None
    matches = list(_ADDRESS.finditer(text))[:12]
    asking = [
        match
        for match in matches
        if match[0][:1] in "hH" and _stands(text, match, _FROM, _FROM_BEHIND)
    ]
    hosts = {match[1].lower().rstrip(".") for match in asking}
    asked = any(
        match[1].lower().rstrip(".") not in hosts and _stands(text, match, _TO, _TO_BEHIND)
        for match in matches
    )
    if len(hosts) != 1 or not asked:
        return None
    page = asking[0]
    return page.start(), f"{page[0].partition(':')[0].lower()}://{hosts.pop()}"


def _stands(
    text: str, match: re.Match[str], before: re.Pattern[str], behind: re.Pattern[str]
) -> bool:
    """Return whether one of the words stands before an address, or behind it."""
    start = max(match.start() - 80, 0)
    return before.search(text[start : match.start()]) is not None or (
        behind.match(text[match.end() : match.end() + 8]) is not None
    )
