"""Finds operators within the braces of a condition. Braces hold one test of HAProxy (Configuration
Manual, section 7.2, "anonymous ACL"): all words behind the fetch are values with which it is
compared, so `{ path /a && is_down }` compares the path with three values. Tests are joined outside
of braces: `{ path /a } is_down`, and `{ path /a } || is_down`. No I/O."""

import re
from collections.abc import Collection, Iterator, Sequence

from diagnose.model.web_servers import WebServerConfig

#: Maximum number of lines with an operator that are returned.
MAX_LINES = 20

_CONDITION = re.compile(r"[ \t](?:if|unless)[ \t]+(\S.*)$")
_BRACES = re.compile(r"(?<!\S)\{[ \t]+([^{}\"'\\#]{1,500}?)[ \t]+\}(?!\S)")
_AND, _OR = {"&&", "and", "AND"}, {"||", "or", "OR"}
#: The beginning of a test: a fetch that is used in conditions.
_FETCH = re.compile(
    r"!?(?:path|url|urlp|query|base|hdr|req|res|src|dst|ssl|method|nbsrv|var|always|cook|http)"
    r"[\w.]*(?:\([^)]*\))?(?:,\S*)?"
)


def repaired_lines(config: WebServerConfig) -> dict[tuple[str, int], str]:
    """Return the lines whose braces hold an operator, by file and number, as they are written with
    each test in braces of its own. Lines of which that is not known are left out."""
    lines = [
        (file.path, number, text)
        for file in config.files
        for number, text in enumerate(file.text.split("\n"), 1)
    ]
    acls = {
        words[1] for _, _, text in lines if (words := text.split()[:2])[:1] == ["acl"] and words[1:]
    }
    repaired: dict[tuple[str, int], str] = {}
    for path, number, text in lines:
        if len(repaired) < MAX_LINES and (new := repaired_line(text, acls)):
            repaired[path, number] = new
    return repaired


def repaired_line(text: str, acls: Collection[str]) -> str:
    """Return a line with each test in braces of its own; "" if no braces of it hold an operator, or
    if it is not known what is meant."""
    condition = _CONDITION.search(text) if "{" in text else None
    if condition is None or text.lstrip().startswith("#"):
        return ""
    pieces: list[str] = []
    end = 0
    for match in _BRACES.finditer(text, condition.start(1)):
        is_alone = match[0] == condition[1].strip()
        new = _split(match[1].split(), acls, is_alone)
        if new is None:
            return ""
        pieces += [text[end : match.start()], new or match[0]]
        end = match.end()
    new_text = "".join([*pieces, text[end:]])
    return "" if new_text == text else new_text


def _split(words: Sequence[str], acls: Collection[str], is_alone: bool) -> str | None:
    """Return the tests of one pair of braces, joined as they are meant; "" if there is one test,
    None if that is not known. "or" binds less than what stands beside the braces."""
    tests = list(_tests(words))
    if len(tests) == 1:
        return ""
    texts = [f"{{ {' '.join(tests[0][1])} }}"]
    for operator, test in tests[1:]:
        is_named = bool(test) and all(word.lstrip("!") in acls for word in test)
        if not is_named and not (test and _FETCH.fullmatch(test[0])):
            return None
        if operator in _OR and not is_alone:
            return None
        if operator in _OR:
            texts.append("||")
        negation = "!" if not is_named and test[0].startswith("!") else ""
        words_of_test = [test[0].removeprefix("!"), *test[1:]] if negation else test
        joined = " ".join(words_of_test)
        texts.append(joined if is_named else f"{negation}{{ {joined} }}")
    return " ".join(texts)


def _tests(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the words between operators, each with the operator before it."""
    operator, test = "", list[str]()
    for index, word in enumerate(words):
        # A word is an operator only behind a value; it may be the value itself.
        is_sign, is_word = word in {"&&", "||"}, word in _AND | _OR and len(test) > 1
        if index and (is_sign or is_word):
            yield operator, test
            operator, test = word, []
        else:
            test.append(word)
    yield operator, test
