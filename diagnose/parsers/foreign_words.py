"""What a visitor sees, in words of other languages than English and Chinese. Pure, except that it
reads `foreign_words.toml`, once.

Two ways: phrases, and a part of a site that stands beside a word of failure of the same language
("Bilder … nicht"). German, French, Spanish, Portuguese, Italian, Russian, Ukrainian, Polish, Czech,
Dutch, Swedish, Turkish, Indonesian, Vietnamese, Arabic, Japanese and Korean; Greek, Hebrew,
Persian, Hindi and Thai by phrases alone.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from diagnose.model.symptom import ERROR_STATUS, SymptomKind
from diagnose.parsers.plain_letters import folded
from diagnose.parsers.visible_faults import VisibleFault

TABLE = Path(__file__).with_suffix(".toml")
#: Words that stand behind an answer. What is counted follows its number.
_AFTERWARDS = (
    "bei|beim|nach|wenn|sobald|statt|zurück|aus|seit|obwohl|und|aber|quand|lors|après|sur|pour"
    "|depuis|mais|al|cuando|después|en|pero|ao|quando|depois|mas|при|после|когда|на|и|но|если|вместо"
    "|dopo|ma|po|przy|gdy|ale|bij|als|maar|när|saat|ketika|khi|na|nadat|efter|setelah|sau|desde"
    "|sonra|بعد|عند|در|هنگام|وقتی|όταν|μετά|στ[ηοι]\\w{0,2}|כאשר|כש\\w{2,12}|आ|दिख\\w{0,4}|दे"
)
#: The words before the number of an error. 404 alone may be anything.
_NUMBER = re.compile(
    rf"\b(?:erreurs?|fehler\w{{0,8}}|error(?:es)?|erro|errore|ошибк\w{{1,3}}|помилк\w{{1,3}}|код|błąd|błędu|chyba|fout(?:code)?|fel|hata|kode|lỗi|\w{{0,2}}خطأ|رمز|خطای|ارور|σφάλμα|κωδικό\w?|שגיא\w|एरर|त्रुटि)"
    rf"\W{{1,4}}(?:http\W{{1,3}})?({ERROR_STATUS})(?!\w)"
    rf"|(?<![\w.:])({ERROR_STATUS})\W{{1,3}}(?:erreurs?|fehler\w{{0,8}}|ошибк\w{{1,3}}|hata\w{{0,4}}|код)\b"
    # "500-tka", "ein 502er"
    r"|(?<![\w.:/-])(40[1345]|413|429|50[0234]|52[0-7])-?(?:tk\w{1,2}|er|ка|ку|ки|ая|ую)\b"
    # "geeft 502"
    r"|\b(?:gibt|zeigt|liefert|donne|renvoie|retourne|affiche|devuelve|muestra|arroja|retorna|mostra|restituisce|dà"
    r"|выда[её]т|показывает|возвращает|отда[её]т|zwraca|pokazuje|wyrzuca|vrací|hlásí|geeft|krijg|toont|ger|visar"
    r"|veriyor|báo|trả về|muncul|menampilkan|يظهر|يعطي) "
    r"(?:\w{1,12} )?(4[0-3]\d|50[0-4]|52[0-7])(?=\s*(?:$|[.,;:!?()»”\"'–-]"
    rf"|(?:bad|error|fehler|forbidden|gateway|internal|not|service|unauthorized|{_AFTERWARDS}"
    r"|in|an|auf|für|dans|avec|à|con|com|em|no|nel|nella|в|у|для|do|w|v|op|voor|i|på|för|di|pada|في)\b))"
    # "gibt 404", "404になる": statuses that count nothing. What is counted follows the number.
    r"|(?<![A-Za-z0-9_.:/-])(40[1345]|41[03]|42[12]|429|431|50[0234]|52[0-7])"
    r"(?=\s*(?:$|[.,;:!?)»”、。]|(?:エラー|ข้อผิดพลาด|ตอน|เมื่อ|เวลา|になる|になり|が出|が返|を返|と出|が表示)"
    r"|(?:에러|오류|error|가 |이 |로 |라고|떠|뜨|뜹|나와|나옵)"
    rf"|(?:{_AFTERWARDS})\b))",
    re.IGNORECASE,
)
#: Numbers that count or name something else than an answer.
_NO_STATUS = re.compile(
    r"\b(?:ports?|porta|puerto|порт\w{0,2}|pid|process(?:us|o)?|prozess|процесс|lines?|zeile|ligne"
    r"|línea|linha|riga|строк\w{1,2}|wiersz|version|ポート|行|줄|포트)[ :#]{0,3}\d{3}(?!\d)",
    re.IGNORECASE,
)
#: Words that say that nothing fails, or no longer; and what somebody wants to fail.
_NO_FAULT = re.compile(
    r"\b(?:ohne|kein\w{0,2}|sans|(?:plus|pas) de|aucun\w?|sin|ning[uú]n|sem|nenhum\w?|senza"
    r"|nessun\w?|без|нет|bez|żadnych|zonder|geen|utan|inga|tanpa|tidak ada)"
    r" (?:(?:jegliche|weitere|irgendwelche|nenhum|alcun|ningún|aucun|каких-либо|żadnych|enige) )?"
    r"(?:probl[eèé]m\w{0,4}|probleem|fehler\w?|erreurs?|error\w{0,2}|erros?|проблем\w?|ошиб\w{1,3}"
    r"|błęd\w{1,3}|chyb\w?|fouten|fel|masalah|kendala|souci\w?)(?!\w)"
    r"|\b(?:no (?:tiene|hay|da|tengo|veo)|não (?:tem|há|dá|tenho)|non (?:ha|ci sono|ho)|nie ma|nemá"
    r"|heeft geen|har inga)"
    r" (?:ning\w{1,4} |nenhum\w? |alcun\w? |żadn\w{1,4} |žádn\w{1,3} )?"
    r"(?:problem\w{0,4}|error\w{0,2}|erros?|fallos?|falhas?|chyb\w?|błęd\w{1,3}|fel)(?!\w)"
    r"|\b(?:fehl\w{1,4}|scheiter\w{1,3}) nicht mehr\b"
    r"|\bn[’'e] ?(?:échou\w{1,4}|plant\w{1,3}) plus\b"
    r"|\bnão (?:falha\w?|cai) mais\b|\bno (?:falla\w?|se corta\w?) más\b|\bdu coup\b"
    r"|(?:ない|できない|れない)ようにし(?:たい|て|た)|問題(?:は)?(?:ない|なく|ありません)"
    r"|(?:안 ?되게|못 ?하게|않게) ?(?:막|하)\w{0,3}|문제 ?(?:없|는 없)\w{0,3}",
    re.IGNORECASE,
)
#: Letters that many type without their marks, and the longest word that means another without them.
_MARKED = re.compile("[\u00c0-\u024f\u1e00-\u1eff’]")
_SHORT = 4
#: What stands for other characters in the words of the table.
_PLACEHOLDER = re.compile(r"[…*]")
#: Where a clause ends. A dot within a name or a number ends none.
_CLAUSE_END = re.compile(r"[\n;；。！!？?、—()（）]|,(?=\s)|\.(?=\s|$)|:(?=\s)")
#: Where a sentence ends.
_SENTENCE_END = re.compile(r"[\n;；。！!？?]|\.(?=\s|$)")
#: Tables of states, and what denies one: "ist nicht abgelaufen", "切れていない", "만료되지 않".
_STATES = frozenset({"expired", "renewed"})
_OVER = frozenset({"expired"})
_DENIED = re.compile(
    r"\b(?:nicht|kein\w{0,2}|pas|no|n[ãa]o|non|не|нет|nie|není|niet|geen|inte|değil|tidak|belum"
    r"|không|chưa|not?|لم|لا)\s(?:\w{1,12}\s){0,2}$",
    re.IGNORECASE,
)
_DENIED_BEHIND = re.compile(r"\S{0,4}?(?:な[いく]|ません|지 않|지않)")
#: What was done before it failed: "after installing the certificate".
_DONE = re.compile(
    r"\b(?:nach(?: de[rm])?|après(?: l[ea]s?)?|después de|desde que|depois de|após|dopo(?: aver)?"
    r"|после|після|po|efter|sau khi|setelah|بعد) (?:\w{1,20} ){0,2}?"
    r"\w{0,4}(?:ssl|https|tls|zerti|certi|сертиф|certy|serti|chứng chỉ|شهاد)\w{0,12}",
    re.IGNORECASE,
)
#: Clauses of a message, and matches within one, that are read.
_MAX_CLAUSES = 24
_MAX_MATCHES = 6
#: How far the words of a failure may stand from the part that fails, in characters.
_NEAR = 60
#: How far an adjective may stand from its noun.
_BESIDE = 12
_ADJECTIVES = frozenset({"old", "strange"})
#: The letters without which a text is not in a language; other languages have those of Latin.
_LETTERS = {
    "ja": re.compile("[\u3040-\u30ff\u4e00-\u9fff]"),
    "ko": re.compile("[\uac00-\ud7a3]"),
    "ru": re.compile("[\u0430-\u044f]", re.IGNORECASE),
    "uk": re.compile("[\u0430-\u044f]", re.IGNORECASE),
    "ar": re.compile("[\u0621-\u064a]"),
}
#: Words of which English has several in a sentence. "no", "login" and "chat" are of many languages.
_ENGLISH = re.compile(
    r"\b(?:the|and|with|my|when|it|its|not|after|but|from|does|are|was|were|this|that|works?|while|(?-i:I)"
    r"|i(?= (?:am|can|cannot|do|get|have|try|tried|use|was)\b)|has|have"
    r"|only|into|every|all)\b",
    re.IGNORECASE,
)
#: Letters of Portuguese that Spanish has not: its "no" is no negation.
_PORTUGUESE = re.compile("[ãõ]", re.IGNORECASE)
#: Who tells how large images are sends them.
_SIZE = re.compile(r"(?<![\w.])\d{1,4} ?(?:[MG]B|[MG]o|[МГ]Б)\b", re.IGNORECASE)
#: Kinds of which a part of the site may say more.
_VAGUE = frozenset({"not-connected", "unusable"})
_WEBSOCKET = frozenset({"websocket", "websocket-closed"})
#: Scripts without blanks between words, or whose particles join them.
_UNSPACED = re.compile("[\u0e01-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_UNSPACED_LANGUAGES = frozenset({"ja", "ko"})


class _Part(NamedTuple):
    """A part of a site, or what it does. `words` are its own words by language; `beside` names the
    tables of words of which one each has to stand near them. `number` is a status."""

    kind: SymptomKind
    number: int | None
    beside: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]


class _Tables(NamedTuple):
    """`first` are tried before the phrases, `last` behind all. `beside`: the words by their table
    and their language."""

    phrases: tuple[tuple[SymptomKind, tuple[str, ...]], ...]
    first: tuple[_Part, ...]
    parts: tuple[_Part, ...]
    last: tuple[_Part, ...]
    beside: Mapping[str, Mapping[str, tuple[str, ...]]]


def foreign_fault(words: str) -> VisibleFault | None:
    """Return the first fault that words name in one of these languages; None if they name none."""
    words = _NO_STATUS.sub(" ", _NO_FAULT.sub(" ", words))
    if match := _NUMBER.search(words):
        return VisibleFault("status", int(next(filter(None, match.groups()))), match[0])
    tables = _tables()
    words = _without_denied_states(words)
    if told := _failing_part(_SENTENCE_END.split(words), tables.first):
        return told
    last: VisibleFault | None = None
    at_times: VisibleFault | None = None
    for kind, phrases in tables.phrases:
        pattern = _pattern_for(phrases, words)
        if match := pattern.search(words) if pattern else None:
            last = VisibleFault(kind, None, match[0])
            if kind == "sometimes":
                at_times, last = last, None
                continue
            if kind not in _VAGUE:
                return last
            break
    clauses = _CLAUSE_END.split(words)
    part = _failing_part(clauses, tables.parts)
    if part and part.kind == "page-files" and _SIZE.search(words):
        part = VisibleFault("upload", None, part.words)
    # What does not connect may be a WebSocket.
    is_more = part and (last is None or last.kind == "unusable" or part.kind in _WEBSOCKET)
    told = part if is_more else last
    if at_times and (told is None or told.kind in _VAGUE):
        return at_times
    if told:
        return told
    # What says least is easily said of English words.
    return (
        None if words.isascii() and _ENGLISH.search(words) else _failing_part(clauses, tables.last)
    )


def _failing_part(clauses: list[str], parts: tuple[_Part, ...]) -> VisibleFault | None:
    """Return the part of a site that stands near a word of failure of its language, in the first
    clause that has both; None if no clause has."""
    languages = frozenset(languages_of(" ".join(clauses)))
    for clause in clauses[:_MAX_CLAUSES] if languages else ():
        for part in parts:
            text = _DONE.sub(" ", clause) if part.kind == "certificate" else clause
            for language in filter(
                _languages_beside(text, part.beside, languages).__contains__, part.words
            ):
                if fault := _told_together(text, part, language):
                    return VisibleFault(part.kind, part.number, fault)
    return None


def cut_websocket(words: str) -> str:
    """Return the words by which somebody says that a WebSocket ends; "" if there are none."""
    parts = tuple(part for part in _tables().parts if part.beside == ("cut",))
    told = _failing_part(_CLAUSE_END.split(words), parts)
    return told.words if told else ""


def _told_together(clause: str, part: _Part, language: str) -> str:
    """Return the words from a part to what stands near it, one word of each table; "" if one has
    none near."""
    beside = [_told(clause, name, language) for name in part.beside]
    for span in spans(part.words[language], clause, language):
        chosen = [span]
        for name, others in zip(part.beside, beside, strict=True):
            farthest = _BESIDE if name in _ADJECTIVES else _NEAR
            near = (other for other in others if _gap(other, chosen) <= farthest)
            if (other := next(near, None)) is None:
                break
            chosen.append(other)
        else:
            first, end = min(chosen)[0], max(end for _, end in chosen)
            return clause[first:end].strip()
    return ""


@lru_cache(maxsize=64)
def _languages_beside(
    clause: str, beside: tuple[str, ...], languages: frozenset[str]
) -> frozenset[str]:
    """Return those of the languages in which a clause has a word of each table."""
    return frozenset(
        language for language in languages if all(_told(clause, name, language) for name in beside)
    )


@lru_cache(maxsize=512)
def _told(clause: str, name: str, language: str) -> list[tuple[int, int]]:
    """Return where the words of a table stand, without those that are denied ("nicht abgelaufen").
    The words of failure are denials themselves."""
    told = spans(_tables().beside[name].get(language, ()), clause, language)
    return told if name not in _STATES else [span for span in told if not _is_denied(clause, span)]


def _is_denied(clause: str, span: tuple[int, int]) -> bool:
    first, end = span
    is_before = _DENIED.search(clause[max(first - 24, 0) : first])
    return bool(is_before or _DENIED_BEHIND.match(clause[end : end + 8]))


def _without_denied_states(words: str) -> str:
    """Return words without what they say that is not so: a state, and its noun beside it."""
    for language in languages_of(words):
        for part in _tables().first:
            for name in _OVER.intersection(part.beside):
                for span in spans(_tables().beside[name].get(language, ()), words, language):
                    nouns = spans(part.words[language], words, language)
                    near = [noun for noun in nouns if _gap(noun, [span]) <= _NEAR]
                    if near and _is_denied(words, span):
                        first, end = min(*near, span)[0], max(span[1], *(end for _, end in near))
                        words = f"{words[:first]}{' ' * (end - first)}{words[end:]}"
    return words


def _gap(span: tuple[int, int], chosen: list[tuple[int, int]]) -> int:
    """Return how far a place is from the nearest of others; one that is among them is far."""
    if span in chosen:
        return _NEAR + 1
    return min(max(span[0] - end, first - span[1]) for first, end in chosen)


def failures(language: str) -> tuple[str, ...]:
    """Return the words of failure of a language; none of an unknown one."""
    return _tables().beside["fails"].get(language, ())


def spans(words: tuple[str, ...], clause: str, language: str) -> list[tuple[int, int]]:
    """Return where the words of a table stand in a clause, the first few."""
    pattern = _pattern_for(words, clause, language not in _UNSPACED_LANGUAGES)
    if pattern is None:
        return []
    return [match.span() for match in islice(pattern.finditer(clause), _MAX_MATCHES)]


def languages_of(words: str) -> set[str]:
    """Return the languages in which words may be, by their letters; none of Latin letters if they
    are English."""
    own = {name for name, letters in _LETTERS.items() if letters.search(words)}
    is_english = len(list(islice(_ENGLISH.finditer(words), 2))) == 2
    if is_english:
        return own
    latin = _tables().beside["fails"].keys() - _LETTERS.keys()
    return own | (latin - {"es"} if _PORTUGUESE.search(words) else latin)


@cache
def _tables() -> _Tables:
    import tomllib  # few runs have a pasted message

    table = tomllib.loads(TABLE.read_text("utf-8"))

    def parts(name: str) -> tuple[_Part, ...]:
        return tuple(
            _Part(
                part.pop("kind"),
                part.pop("number", None),
                tuple(part.pop("with")),
                _by_language(table["noun"][part["of"]] if "of" in part else part),
            )
            for part in table[name]
        )

    return _Tables(
        tuple((fault["kind"], tuple(fault["words"])) for fault in table["fault"]),
        parts("first"),
        parts("part"),
        parts("last"),
        {name: _by_language(words) for name, words in (table["noun"] | table["beside"]).items()},
    )


def _by_language(words: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {language: tuple(some) for language, some in words.items()}


def _pattern_for(
    words: tuple[str, ...], text: str, is_spaced: bool = True
) -> re.Pattern[str] | None:
    """Return the pattern of those words of a table that may stand in a text, None if none can. To
    compile thousands of words takes longer than to look for a piece of each."""
    plain = folded(text)
    kept = tuple(some for some, piece in _pieces(words) if piece in plain)
    return _compiled(kept, is_spaced) if kept else None


@cache
def _pieces(words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the words of a table, each with its longest piece without a placeholder."""
    return tuple(
        (some, max((folded(piece.strip()) for piece in _PLACEHOLDER.split(some)), key=len))
        for some in words
    )


@lru_cache(maxsize=512)
def _compiled(words: tuple[str, ...], is_spaced: bool = True) -> re.Pattern[str]:
    return re.compile("|".join(_pattern(some, is_spaced) for some in words), re.IGNORECASE)


def _pattern(words: str, is_spaced: bool) -> str:
    """Return the pattern of words in the order of the table: " … " is up to forty characters, and a
    star is the rest of a word, before it or behind it. Accents may be left out."""
    if not is_spaced or _UNSPACED.search(words):
        return re.escape(words).replace("…", ".{0,20}?")
    text = re.escape(words)
    if len(words) > _SHORT:
        text = _MARKED.sub(lambda match: f"[{match[0]}{folded(match[0])}]", text)
    text = text.replace("\\ …\\ ", r"\b.{0,40}?\b").replace(r"\*", r"\w{0,12}")
    return rf"\b{text.replace(chr(92) + ' ', ' ')}(?!\w)"
