"""The page of each check, and the list of all."""

import json
import re
from collections.abc import Iterable
from functools import cache

from diagnose.checking import registry
from diagnose.checking.root_cause import explains
from diagnose.checking.texts import check_text
from diagnose.i18n.reports import translate
from diagnose.model import Check
from docs.generator.look_alikes import appearances_of, causes_behind
from docs.generator.replay import recordings, replayed
from docs.generator.words import word


def title(check_id: str, lang: str) -> str:
    return check_text(check_id, lang).general_title


def link(check_id: str, lang: str, folder: str = "") -> str:
    """Return a line of a list: the check, and what it is about."""
    return f"- [`{check_id}`]({folder}{check_id}.md): {title(check_id, lang)}"


def listed(heading: str, check_ids: Iterable[str], lang: str) -> list[str]:
    """Return a section with links to checks, nothing if there are none."""
    lines = [link(check_id, lang) for check_id in check_ids]
    about = word(f"{heading}-about", lang)
    return ["", f"## {word(heading, lang)}", "", about, "", *lines] if lines else []


@cache
def recorded_cause(name: str) -> str:
    """Return the first root cause of a recorded run, "" if it is healthy."""
    document = json.loads(replayed(name, "en", "--json"))
    by_id = {finding["id"]: finding["check"] for finding in document["findings"]}
    return next((by_id[cause] for cause in document["verdict"]["root_causes"]), "")


@cache
def all_checks() -> dict[str, Check]:
    """Return every check by its id."""
    return {check_id: registry.load_check(check_id) for check_id in registry.check_ids()}


@cache
def explained(check_id: str) -> tuple[str, ...]:
    """Return the checks whose findings this one explains."""
    known = all_checks()
    return tuple(other for other in known if explains(known[check_id], known[other]))


def example(check_id: str, lang: str) -> list[str]:
    """Return the section with a recorded run whose root cause this check names."""
    name = next((name for name in recordings() if recorded_cause(name) == check_id), "")
    if not name:
        return []
    output = replayed(name, lang, "--format", "text").rstrip("\n")
    lead = ["", f"## {word('report', lang)}", "", word("report-about", lang), ""]
    return [*lead, "```text", output, "```"]


def page(check_id: str, lang: str) -> str:
    """Return the page of one check, in Markdown."""
    check, text = all_checks()[check_id], check_text(check_id, lang)
    layer = translate(f"layer.{check.layer}", lang)
    lines = [
        "---",
        # Of the words of a tag the search thinks most: who pastes an id gets this page.
        f"tags: [{check_id}]",
        "---",
        "",
        f"# {text.general_title}",
        "",
        f"`{check_id}` · {word(str(check.severity), lang)} · "
        f"[{word('layer', lang)}: {layer}](index.md#{check.layer})",
        "",
        _loose_lists(text.general),
        *example(check_id, lang),
        *listed("inside", causes_behind(check_id), lang),
        *listed("outside", appearances_of(check_id), lang),
        *listed("consequences", explained(check_id), lang),
        "",
        f"## {word('terminal', lang)}",
        "",
        "```console",
        f"$ diagnose explain {check_id}",
        "```",
    ]
    return "\n".join(lines) + "\n"


def index(lang: str) -> str:
    """Return the list of all checks, by layer."""
    check_ids = registry.check_ids()
    lines = [f"# {word('checks', lang)}", "", word("checks-about", lang, count=len(check_ids))]
    for layer in dict.fromkeys(check_id.partition(".")[0] for check_id in check_ids):
        lines += ["", f"## {translate(f'layer.{layer}', lang)} {{ #{layer} }}", ""]
        lines += [
            _entry(check.id, str(check.severity), lang) for check in registry.layer_checks(layer)
        ]
    return "\n".join(lines) + "\n"


def _entry(check_id: str, severity: str, lang: str) -> str:
    """Return a line of the list. An error is the rule, and is not named."""
    suffix = "" if severity == "error" else f" *({word(severity, lang)})*"
    return link(check_id, lang) + suffix


def _loose_lists(text: str) -> str:
    """Put empty lines around lists and blocks of code: Python-Markdown needs them, and the
    terminal's renderer does not."""
    lines: list[str] = []
    fenced = False
    for line in text.split("\n"):
        is_fence = line.startswith("```")
        begins = _kind(line) != (_kind(lines[-1]) if lines else "")
        if begins and not fenced:
            lines.append("")
        lines.append(line)
        fenced ^= is_fence
        if is_fence and not fenced:
            lines.append("")
    return "\n".join(lines).strip("\n")


def _kind(line: str) -> str:
    """Return what a line begins: an item, a block of code, or text."""
    if not line or line.startswith((" ", "```")):
        return "" if not line else "item" if line[0] == " " else "code"
    return "item" if re.match(r"(\d+\.|-) ", line) else "text"
