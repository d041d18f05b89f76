"""Lines of HAProxy and Caddy that refuse a program for its User-Agent, and the edit that lets this
program pass.

HAProxy: `http-request deny`, `return` or `tarpit` whose condition is about the field (Configuration
Manual, section 4.2). Caddy: a matcher with `header` or `header_regexp`, and `respond`, `error` or
`abort` for it (Caddyfile, "Request Matchers").
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView, indentation, line_edit, line_text
from checks.server._caddy_lines import CaddyLine, own_lines
from checks.server._haproxy import HaproxyView, haproxy_view
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.http import page_exchanges
from diagnose.parsers.haproxy.conditions import Rule, refusing_rules_of
from diagnose.parsers.haproxy.view import Refusal, refusals
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.program_agents import agent_pattern

#: A browser, which a rule against a program spares.
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
#: A line of Caddy that compares the User-Agent, perhaps with its matcher's name before it.
_COMPARISON = re.compile(
    r"\s*(?:(@[\w-]{1,80})\s+)?(header|header_regexp)\s+(?:[\w-]{1,80}\s+)?(?i:User-Agent)\s+"
    r"(\S.{0,500}?)\s*"
)
_STATUS = re.compile(r"(?<=\s)[45]\d\d(?=\s|$)")
#: The connection is closed without an answer, for which messages have no number.
_ABORTED = 444


@frozen
class AgentRefusal:
    """A line that refuses a program, and the rule in words; `edit` lets that program pass."""

    rule: str
    status: int
    file: str
    line: int
    edit: Edit | None


def gets_the_page(view: ServerView) -> bool:
    """Return whether this run got the page: if not, the page itself is the fault."""
    pages = page_exchanges(view.evidence)
    return bool(pages) and all(0 < (page.status or 0) < 400 for page in pages)


def haproxy_refusal(view: ServerView, name: str, agent: str) -> AgentRefusal | None:
    """Return the rule of HAProxy that surely refuses the program, and no browser."""
    haproxy = haproxy_view(view.evidence)
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return None
    refusal = _certain(haproxy, agent)
    if refusal is None or refusal.status < 400 or refusal == _certain(haproxy, _BROWSER):
        return None
    line = refusal.line
    edit = _spared(haproxy, refusal, name)
    return AgentRefusal(" ".join(line.words), refusal.status, line.file, line.number, edit)


def _certain(haproxy: HaproxyView, agent: str) -> Refusal | None:
    target = haproxy.view.evidence.target
    own = refusals(haproxy.proxies, target, target.path, agent)
    return next((refusal for refusal in own if refusal.is_certain), None)


def _spared(haproxy: HaproxyView, refusal: Refusal, name: str) -> Edit | None:
    """Return the edit that takes the program out of the rule's condition."""
    proxies = (haproxy.proxies.frontend, haproxy.proxies.backend)
    rules = (rule for proxy in proxies if proxy for rule in refusing_rules_of(proxy))
    rule = next((rule for rule in rules if rule.line == refusal.line), None)
    line = refusal.line
    text = line_text(haproxy.view, line.file, line.number).rstrip()
    if rule is None or "#" in text or not text:
        return None
    word = agent_pattern(name)
    method = "sub" if word == name else "reg"
    criterion = f"{{ req.hdr(user-agent) -m {method} -i {word} }}"
    added = f" || {criterion}" if rule.negated else f" !{criterion}"
    if not rule.negated and not _is_simple(rule):
        return None
    return line_edit(haproxy.view, line.file, {line.number: (text + added,)})


def _is_simple(rule: Rule) -> bool:
    """Return whether a condition has no alternatives, each of which would need the exception."""
    return len(rule.alternatives) == 1


def caddy_refusal(view: ServerView, name: str, agent: str) -> AgentRefusal | None:
    """Return the matcher of Caddy that takes the program and no browser, and whose requests a line
    refuses."""
    lines = list(own_lines(view))
    for place, line in enumerate(lines):
        comparison = _COMPARISON.fullmatch(line.text)
        matcher = matcher_name(line, comparison)
        if comparison is None or not matcher or not _takes(comparison, agent):
            continue
        if _takes(comparison, _BROWSER) or not _is_alone(lines, place, comparison, agent):
            continue
        if refused := next(refusing_lines(lines, matcher, line.file), None):
            status, rule = refused
            edit = _sparing_edit(view, line, comparison, name)
            words = f"{' '.join(line.text.split())}; {rule}"[:300]
            return AgentRefusal(words, status, line.file, line.number, edit)
    return None


def matcher_name(line: CaddyLine, comparison: re.Match[str] | None) -> str:
    """Return the name of the matcher whose line it is, "" for none."""
    if comparison is not None and comparison[1]:
        return comparison[1]
    head = line.heads[-1] if line.heads else ""
    return head if head.startswith("@") else ""


def _takes(comparison: re.Match[str], agent: str) -> bool:
    """Return whether a line is true for a User-Agent: `header` compares the case, with "*" at the
    beginning, the end or both."""
    value = comparison[3].strip('"`')
    if comparison[2] == "header_regexp":
        return is_supported_pcre(value) and pcre_search(value, agent, False) is not None
    part = value.strip("*")
    if value.startswith("*"):
        return part in agent if value.endswith("*") else agent.endswith(part)
    return agent.startswith(part) if value.endswith("*") else agent == value


def _is_alone(
    lines: Sequence[CaddyLine], place: int, comparison: re.Match[str], agent: str
) -> bool:
    """Return whether the matcher asks for nothing but the User-Agent, and `not` spares another
    program: other lines narrow it."""
    if comparison[1]:
        return True
    own = lines[place]
    beside = (
        line.text.strip()
        for line in lines
        if line.file == own.file and line.heads == own.heads and abs(line.number - own.number) < 50
    )
    for text in beside:
        spared = _COMPARISON.fullmatch(text.removeprefix("not "))
        if (spared is None and text not in {"", "}"}) or (
            spared and text.startswith("not ") and _takes(spared, agent)
        ):
            return False
    return True


def refusing_lines(
    lines: Sequence[CaddyLine], matcher: str, file: str
) -> Iterator[tuple[int, str]]:
    """Yield the lines that answer a matcher's requests with an error, with their status."""
    is_inside = False
    for line in lines:
        words = line.text.split()
        if line.file != file or not words:
            continue
        if words[:2] in (["handle", matcher], ["route", matcher]):
            is_inside = True
        elif words == ["}"]:
            is_inside = False
        elif words[1:2] == [matcher] or (is_inside and not _has_matcher(words)):
            yield from _answer(words, line.text)


def _has_matcher(words: Sequence[str]) -> bool:
    return len(words) > 1 and words[1][0] in "@/"


def _answer(words: Sequence[str], text: str) -> Iterator[tuple[int, str]]:
    status = _STATUS.findall(text)
    if words[0] == "abort":
        yield _ABORTED, text.strip()
    elif words[0] in {"respond", "error"} and status:
        yield int(status[-1]), text.strip()


def _sparing_edit(
    view: ServerView, line: CaddyLine, comparison: re.Match[str], name: str
) -> Edit | None:
    """Return the edit that adds `not` to the matcher, as a block if it has one line."""
    own, indent = line.text.rstrip(), indentation(line.text)
    spared = f"not header_regexp User-Agent (?i){agent_pattern(name)}"
    if not comparison[1]:
        return line_edit(view, line.file, {line.number: (own, f"{indent}{spared}")})
    step = "\t" if "\t" in indent or not indent else indent
    compared = own.strip().removeprefix(comparison[1]).strip()
    rows = (
        f"{indent}{comparison[1]} {{", f"{indent}{step}{compared}", f"{indent}{step}{spared}",
        f"{indent}}}",
    )  # fmt: skip
    return line_edit(view, line.file, {line.number: rows})
