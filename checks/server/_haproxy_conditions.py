"""Writes conditions of HAProxy's rules anew (Configuration Manual, section 7.2)."""

import re
from collections.abc import Sequence

from diagnose.parsers.haproxy.config import Line, Proxy

_OR = {"or", "OR", "||"}
#: A word that needs no quotes.
_PLAIN = re.compile(r"[^\s\"'#\\$]+")


def literals(words: Sequence[str]) -> list[str] | None:
    """Return the literals of a condition as texts ("!acme", "{ path /a }"), with "or" between
    alternatives; None if a word needs quotes or a brace is not closed."""
    texts: list[str] = []
    mark, rest = "", list(words)
    if not all(_PLAIN.fullmatch(word) for word in rest):
        return None
    while rest:
        word = rest.pop(0)
        while word.startswith("!"):
            mark, word = ("" if mark else "!"), word[1:]
        if word == "{":
            if "}" not in rest:
                return None
            stop = rest.index("}")
            word, rest = " ".join(["{", *rest[:stop], "}"]), rest[stop + 1 :]
        if word:
            texts.append("or" if word in _OR else f"{mark}{word}")
            mark = ""
    return texts


def path_literal(rule: Line, frontend: Proxy, above: Line) -> str:
    """Return the one literal of a rule that compares the path, as it may stand in another line of
    its frontend (an ACL by its name only below its own line); "" if there is none or more."""
    if "if" not in rule.words:
        return ""
    found_literals = literals(rule.words[rule.words.index("if") + 1 :]) or []
    paths = [text for text in found_literals if _is_of_path(text, frontend)]
    if len(paths) != 1 or paths[0].startswith("!"):
        return ""
    acls = [line for line in frontend.own("acl") if line.words[1:2] == (paths[0],)]
    if not acls or all(acl.file == above.file and acl.number < above.number for acl in acls):
        return paths[0]
    words = acls[0].words[2:]
    is_plain = len(acls) == 1 and all(_PLAIN.fullmatch(word) for word in words)
    return " ".join(["{", *words, "}"]) if is_plain else ""


def _is_of_path(text: str, frontend: Proxy) -> bool:
    name = text.removeprefix("!")
    if name.startswith("{"):
        return name[1:].strip().startswith("path")
    acls = [line for line in frontend.own("acl") if line.words[1:2] == (name,)]
    return bool(acls) and all(line.words[2:3] and line.words[2].startswith("path") for line in acls)


def except_for(line: Line, literal: str) -> str:
    """Return a rule's text with a condition that spares what a literal is true for; "" if that
    takes more than a word. "unless a b" spares what is both, and "if !a or !b" likewise: where the
    literal is there already, the other word takes its place."""
    places = [index for index, word in enumerate(line.words) if word in {"if", "unless"}]
    if not all(_PLAIN.fullmatch(word) for word in line.words):
        return ""
    if not places:
        return " ".join([*line.words, "unless", literal])
    head, own = " ".join(line.words[: places[0] + 1]), literals(line.words[places[0] + 1 :])
    if not own:
        return ""
    if line.words[places[0]] == "unless":
        terms = [text for text in own if text != "or"]
        if literal in own and "or" not in own:
            return f"{head} {' or '.join(terms)}"
        return f"{head} {' '.join(own)} or {literal}" if literal not in own else ""
    if "or" not in own:
        return f"{head} {' '.join(own)} !{literal}" if f"!{literal}" not in own else ""
    terms = [text for text in own if text != "or"]
    is_each_negated = own[1::2] == ["or"] * (len(own) // 2) and all(
        text.startswith("!") for text in terms
    )
    return f"{head} {' '.join(terms)}" if is_each_negated and f"!{literal}" in terms else ""
