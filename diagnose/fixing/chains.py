"""What a step has done to one chain of the firewall, by a list of it from before.

nft(8) takes a rule back by its handle alone, which it gives when the rule is made; and to put a
rule back twice makes two of it. Pure.
"""

import posixpath
import re

from diagnose.frozen import frozen

_IPTABLES = re.compile(r"ip6?tables(?:-(?:nft|legacy))?")
_HANDLE = re.compile(r"[ \t]*# handle (\d+)$", re.MULTILINE)
_ACTS = {"-A", "-I", "-D", "-R"}
_PLACES = {"handle", "position", "index"}


@frozen
class Change:
    """A command that adds or takes a rule: `listing` shows its chain, `rule` is what it adds."""

    listing: tuple[str, ...]
    chain: tuple[str, ...]
    rule: str = ""


def change(argv: tuple[str, ...]) -> Change | None:
    """None where a command is no such one."""
    program = posixpath.basename(argv[0])
    if program == "nft" and argv[2:3] == ("rule",) and len(argv) > 6:
        words = argv[8:] if argv[6] in _PLACES else argv[6:]
        added = " ".join(words) if argv[1] in {"add", "insert"} else ""
        return Change((argv[0], "-s", "-a", "list", "chain", *argv[3:6]), argv[3:6], added)
    if _IPTABLES.fullmatch(program):
        table = argv[1:3] if argv[1:2] == ("-t",) else ()
        rest = argv[1 + len(table) :]
        if rest and rest[0] in _ACTS and len(rest) > 1:
            return Change((argv[0], *table, "-S", rest[1]), (rest[1],))
    return None


def same(before: str, now: str) -> bool:
    """Whether a chain holds the same rules; a rule that was put back has another handle."""
    return _HANDLE.sub("", before).strip() == _HANDLE.sub("", now).strip()


def undo(made: Change, before: str, now: str) -> tuple[str, ...]:
    """The command that takes away the rule that was added; () where none was. Handles only grow:
    of those alike the first is ours."""
    old = {handle for handle, _ in _rules(before)}
    new = sorted((handle, text) for handle, text in _rules(now) if handle not in old)
    ours = next((handle for handle, text in new if made.rule and text == made.rule), None)
    if ours is None:
        return ()
    return (made.listing[0], "delete", "rule", *made.chain, "handle", str(ours))


def _rules(text: str) -> list[tuple[int, str]]:
    found = []
    for line in text.splitlines():
        head = _HANDLE.search(line)
        if head and not line[: head.start()].rstrip().endswith("{"):
            found.append((int(head[1]), line[: head.start()].strip()))
    return found
