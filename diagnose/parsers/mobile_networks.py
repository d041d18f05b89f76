"""A complaint that a site does not open at one place, and does over a phone's network, in whatever
language: the network is named in few ways, and that is enough for the contrast. No I/O."""

from diagnose.parsers.foreign_contrasts import clause_texts
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.visible_faults import VisibleFault

_MOBILE = lazy_pattern(
    r"(?i)(?<![\w-])(?:mobile data|mobile (?:internet|network)|cellular|[45]G|LTE|hot ?spot"
    r"|mobile[ns]? (?:daten|internet|netz)\w{0,2}|mobilfunk\w{0,8}|handynetz|mobilnetz"
    r"|données mobiles|réseau mobile|partage de connexion|(?:datos|red|internet) móvil(?:es)?"
    r"|(?:dados|rede|internet) móv(?:eis|el)|(?:dati|rete|internet) mobil[ei]"
    r"|мобил\w{1,6} (?:интернет|данн|мреж|сет|інтернет|дан|мереж)\w{0,4}"
    r"|мобіль\w{1,4} (?:інтернет|дан|мереж)\w{0,4}|mobiln\w{1,4} interne\w{1,4}"
    r"|interne\w{1,4} mobiln\w{1,4}|(?:dan\w{1,4}|sie\w{1,3}) komórkow\w{1,4}"
    r"|mobiln\w{1,5} (?:dat\w{0,3}|sít\w{0,2})|mobiele? (?:data|internet|netwerk)"
    r"|mobil(?:data|nät\w{0,3}|nett?\w{0,4}|internet\w{0,4}|inettel)|mobilt (?:internet|bredbånd)"
    r"|mobiilidata\w{0,4}|mobiiliverko\w{0,4}|date(?:le)? mobile|internet(?:ul)? mobil"
    r"|mobil (?:veri|internet)\w{0,6}|data seluler|paket data|dữ liệu di động|mạng di động"
    r"|δεδομένα (?:κινητ\w{1,4})|δίκτυο κινητής|بيانات (?:الهاتف|الجوال)|شبكة (?:الهاتف|الجوال))"
    r"(?!\w)|モバイル(?:回線|データ|通信)|携帯(?:の)?回線|スマホ(?:の)?回線|テザリング"
    r"|모바일 ?데이터|핫스팟"
)
#: A clause with such a word says that it fails there too, or not: then it is no contrast.
_DENIED = lazy_pattern(
    r"(?i)(?<!\w)(?:not?|neither|nor|either|also|too|even|both|\w{2,8}n[’']t|nicht|auch|weder|noch|pas|aussi|même|ni"
    r"|también|tampoco|nem|não|também|non|anche|neanche|не|ні|ни|нито|също|тоже|также|теж|також|даже|навіть|nie"
    r"|też|również|ani|ne|také|niet|ook|inte|också|ikke|ej|ei|sem|nu|și|değil|\w{2,14}m[ıi]yor|da|de"
    r"|tidak|juga|không|cũng|لا|أيضا|δεν|ούτε)(?!\w)|ない|ません|も(?:だめ|ダメ)|안 |않|못"
)
#: Words besides the clause, which tell what fails.
_WORDS = 3


def works_over_mobile(line: str) -> VisibleFault | None:
    """Return the fault of a line that says that a site works over a phone's network, and fails
    elsewhere; None for another line."""
    if not _MOBILE.search(line):
        return None
    clauses = clause_texts(line)
    working = [text for text in clauses if _MOBILE.search(text) and not _DENIED.search(text)]
    others = [text for text in clauses if not _MOBILE.search(text)]
    if not working or sum(len(text.split()) for text in others) < _WORDS:
        return None
    failing = next((text for text in others if _DENIED.search(text)), "")
    return VisibleFault("some-visitors", None, failing) if failing else None
