"""The port that words about a site name as the one that fails: "timed out 8448". No I/O."""

import re

from diagnose.model.addresses import is_private

_WORD = (
    r"(?:\bports?|\bpuertos?|\bportas?|\bporte?|\bpoort(?:en)?|\bport(?:u|em|en)|\bпорт\w{0,3}"
    r"|端口|埠|連接埠|ポート|포트|منفذ|المنفذ|بورت|\bcổng)"
)
_NUMBER = r"(\d{2,5})(?![\d.])"
#: "port 8448", "8448 端口", "203.0.113.10:8448", "timed out 8448", "8448 timed out".
_BEHIND_WORD = re.compile(rf"(?i){_WORD}(?:番号|号)?\s?[:：=#]?\s?{_NUMBER}")
_BEFORE_WORD = re.compile(
    rf"(?i)(?<![\d.:/]){_NUMBER}(?:/tcp\b|\s?(?:番|번|号)?\s?(?:端口|埠|ポート|포트|port\b))"
)
_OF_ADDRESS = re.compile(rf"(?<![\d.])(\d{{1,3}}(?:\.\d{{1,3}}){{3}}):{_NUMBER}")
_FAILURE = r"(?:timed?[- ]?out|timeouts?|refused|unreachable|closed|filtered|blocked|超时|拒绝)"
_AT_END = re.compile(rf"(?im){_FAILURE}\s+(?:(?:on|at|for)\s+)?:?{_NUMBER}\W{{0,3}}$")
_AT_START = re.compile(
    rf"(?im)^\W{{0,3}}{_NUMBER}\s+(?:(?:is|connection|was|seems)\s+){{0,2}}{_FAILURE}"
)
_AFTER_TOOL = re.compile(
    rf"(?i)\b(?:telnet|nc|ncat|netcat)(?:\s-\w{{1,9}})*\s[\w.:-]{{3,253}}\s{_NUMBER}"
)

#: Several ports behind one word: "ports 80 and 8443".
_SEVERAL = re.compile(
    rf"(?i){_WORD}\s?[:：=#]?\s?\d{{2,5}}\s?(?:,|/|&|、|和|或|\b(?:and|or|und|oder|et|ou|y|o|e|и))\s?\d{{2,5}}(?!\d)"
)
#: Ports of programs that speak no HTTP and stand in words about a site for another reason: SSH,
#: mail, DNS, databases, Redis.
_OTHER_PROGRAMS = frozenset({21, 22, 25, 53, 110, 143, 587, 1433, 3306, 5432, 6379, 11211, 27017})
#: The first of the ports that Linux gives to clients (ip_local_port_range, ip(7)).
_FIRST_OF_CLIENTS = 32768
#: Words before the address of a visitor.
_OF_VISITOR = re.compile(
    r"(?i)\b(?:by|from|clients?|peer|visitors?|remote(?: addr\w{0,4})?)\W{0,3}$"
)
#: What somebody did to the port, and did not find there; and what works there.
_DONE = re.compile(
    r"(?i)\b(?:clos(?:ed|ing)|block(?:ed|ing)|disabl\w{1,3}|remov\w{1,3}|chang\w{1,3}|switch\w{0,3}"
    r"|allow\w{0,3}) (?:(?:the|my|a|incoming|external|tcp) ){0,3}$"
    r"|\b(?:works?|working|fine|ssh|sftp|ftp|smtp|imap)\b|(?:关闭|封|禁用|修改|改)了?\s?$"
)
_FINE = re.compile(
    r"(?i)\b(?:works?|working|is (?:fine|ok|okay|good|open|reachable)|are (?:fine|ok|open)"
    r"|responds?|answers?|geht|funktioniert|funciona|fonctionne|marche|funziona|работает)\b|正常|可以|能打开|没问题"
)
_END_OF_CLAUSE = re.compile(r"[.;!?。；，,]|\b(?:but|and|while|aber|und|mais|pero|но)\b|但|而")
#: Words before a port that make it that of a program behind the site.
_SERVING = re.compile(
    r"(?i)\b(?:runs?|running|listen\w{0,3}|serv(?:es|ing|ed)|started?|starts|prox\w{1,6}|forward\w{0,3}"
    r"|mapp?\w{0,4}|expos\w{1,3}|publish\w{0,3}|backend|app|application|container|docker|node|gunicorn"
    r"|uvicorn|tomcat|instead of|läuft|lauscht|corre|escucha\w{0,3}|tourne|écoute|roda|escuta"
    r"|работает|слушает|запущен\w{0,2})\b|监听|运行|映射|转发|代理|動作|待ち受け|転送"
)
_LOOPBACK = re.compile(
    r"(?i)\blocalhost\b|\b127\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|\[?::1\]?:|\bupstream\b"
)


def told_port(text: str) -> int | None:
    """Return the only port that words say fails; None if they name none or more than this, or speak
    of a program on the machine itself."""
    text = text[:4000]
    if _LOOPBACK.search(text) or _SEVERAL.search(text):
        return None
    addresses = (
        (match[1], match[2])
        for match in _OF_ADDRESS.finditer(text)
        if int(match[2]) < _FIRST_OF_CLIENTS
        and not _OF_VISITOR.search(text[max(0, match.start() - 30) : match.start()])
    )
    words = (*_BEHIND_WORD.finditer(text), *_BEFORE_WORD.finditer(text))
    matches = [
        *(
            match[1]
            for match in words
            if not _is_of_a_program(text, match.start()) and not _is_fine(text, match.end())
        ),
        *(port for address, port in addresses if not is_private(address)),
        *(
            match[1]
            for pattern in (_AT_END, _AT_START, _AFTER_TOOL)
            if (match := pattern.search(text))
        ),
    ]
    ports = set(map(int, matches)) - _OTHER_PROGRAMS
    port = next(iter(ports), 0)
    return port if len(ports) == 1 and 0 < port < 65536 else None


def _is_fine(text: str, end: int) -> bool:
    """Return whether the clause behind a port says that it works."""
    clause = _END_OF_CLAUSE.split(text[end : end + 60], maxsplit=1)[0]
    fine = _FINE.search(clause)
    return fine is not None and not re.search(
        r"(?i)\b(?:not|no|nicht|pas|не)\b|n['’]t\b|不", clause
    )


def _is_of_a_program(text: str, start: int) -> bool:
    """Return whether the clause before a port says that a program has it, or that it changed."""
    clause = re.split(r"[.;!?。；]\s|[，,]|\bbut\b", text[max(0, start - 60) : start])[-1]
    return _SERVING.search(clause) is not None or _DONE.search(clause) is not None
