"""Read which list of a preflight's answer a message of Firefox names, in any language. No I/O.

Firefox translates the sentence and its quotation marks, and leaves the names as they are:
"(Reason: header ‘x-token’ is not allowed according to header ‘Access-Control-Allow-Headers’ from
CORS preflight response)", "(Grund: Methode in CORS-Kopfzeile 'Access-Control-Allow-Methods' nicht
gefunden)" (Firefox, security.properties: CORSMissingAllowHeaderFromPreflight2, CORSMethodNotFound).
The method it never names.
"""

from diagnose.parsers.lazy_pattern import lazy_pattern

METHODS, HEADERS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
#: A name of a field between the quotation marks of any language.
_QUOTED = lazy_pattern(r"[‘’'‚‹“”\"„«»「『] ?([A-Za-z][A-Za-z0-9-]{0,60}) ?[’‘'›”“\"»«」』]")
_ACCESS = "access-control-"
#: What a list is for that has the usual methods alone.
CHANGING_METHODS = ("PUT", "PATCH", "DELETE")


def quoted_field(text: str) -> str:
    """Return the header field of the request that a message says Access-Control-Allow-Headers
    lacks, in lower case; "" if it names none, or more than one."""
    if HEADERS not in text:
        return ""
    text = text.replace("\u00a0", " ").replace("\u202f", " ")
    names = {match[1].lower() for match in _QUOTED.finditer(text)}
    own = [name for name in names if not name.startswith(_ACCESS) and name != "origin"]
    return own[0] if len(own) == 1 else ""


def names_methods(text: str) -> bool:
    """Return whether a message says that Access-Control-Allow-Methods lacks the request's method,
    which Firefox does not name."""
    return METHODS in text and HEADERS not in text
