"""What a sentence says is wrong now, where it first tells what was before: "we fixed the redirect
loop, now uploads fail with 413". No I/O."""

from diagnose.parsers.denied_faults import MAX_SENTENCE
from diagnose.parsers.lazy_pattern import lazy_pattern

#: "now" at the beginning of a clause. "right now" and "works now" are none.
_NOW = lazy_pattern(
    r"(?i)(?:[,;.!?–—]\s{1,3}"
    r"(?:(?:and|but|so|then|und|aber|doch|et|mais|y|pero|e|mas|ma|и|но|а|ale"
    r"|a|en|maar|ve|ama|tapi|nhưng)\s)?"
    r"|\s(?:and|but|so|aber|mais|pero|mas|но|maar|ama|tapi|nhưng)\s)"
    r"(?=(?:now|jetzt|nun|inzwischen|maintenant|désormais|à présent|ahora|agora|adesso|теперь"
    r"|сейчас|тепер|зараз|teraz|nyní|teď|nu|şimdi|sekarang|bây giờ)\b)"
    r"|[，。；,]\s?(?=(?:但是?|可是|不过|然后)?(?:现在|如今|目前))"
    r"|(?:が|、|。|けど)\s?(?=今(?:は|度は|では)|現在は)|(?:지만|는데|,)\s?(?=이제|지금)"
    # "it used to be 404, since I changed the root it is 403"
    r"|\bused to (?:be|get|show|return|say|answer)\b[^,;.]{0,80}[,;.]\s"
)


def told_now(sentence: str) -> str:
    """Return the part of a sentence that tells what is wrong now; "" if it tells no time before."""
    if len(sentence) > MAX_SENTENCE:
        return ""
    ends = [match.end() for match in _NOW.finditer(sentence)]
    return sentence[ends[-1] :].strip() if ends else ""
