"""What a step has done to one chain of the firewall, by a list of it from before.

nft(8) takes a rule back by its handle alone, which it gives when the rule is made: one that was put
back has another. And to put a rule back twice makes two of it. Pure.
"""

import posixpath
import re

from diagnose.model.frozen import frozen

_IPTABLES = re.compile(r"ip6?tables(?:-(?:nft|legacy))?")
_HANDLE = re.compile(r"[ \t]*# handle (\d+)$", re.MULTILINE)
_ACTS = {"-A", "-I", "-D", "-R"}
_PLACES = {"handle", "position", "index"}


@frozen
class Change:
    """A command that adds or takes a rule: `listing` shows its chain, `rule` is what it adds,
    `gone` the handle of what it takes from nft."""

    listing: tuple[str, ...]
    chain: tuple[str, ...]
    rule: str = ""
    gone: int | None = None


def change(argv: tuple[str, ...]) -> Change | None:
    """None where a command is no such one."""
    program = posixpath.basename(argv[0])
    if program == "nft" and argv[2:3] == ("rule",) and len(argv) > 6:
        added = " ".join(rule_words(argv)) if argv[1] in {"add", "insert"} else ""
        gone = int(argv[7]) if argv[1] == "delete" and argv[7:] else None
        listing = (argv[0], "-s", "-a", "list", "chain", *argv[3:6])
        return Change(listing, argv[3:6], added, gone)
    if _IPTABLES.fullmatch(program):
        table = argv[1:3] if argv[1:2] == ("-t",) else ()
        rest = argv[1 + len(table) :]
        if rest and rest[0] in _ACTS and len(rest) > 1:
            return Change((argv[0], *table, "-S", rest[1]), (rest[1],))
    return None


def same(before: str, now: str) -> bool:
    """Whether a chain holds the same rules; a rule that was put back has another handle."""
    return _HANDLE.sub("", before).strip() == _HANDLE.sub("", now).strip()


def back(made: Change, before: str, now: str, undo: tuple[str, ...]) -> tuple[str, ...]:
    """The command that puts back the rule that nft has taken, behind the rule nearest before it
    that is there now. One with another handle and the same words was put back itself."""
    head, words = (undo[0], undo[2], *made.chain), rule_words(undo)
    old = _rules(before)
    above = old[: next((at for at, (handle, _) in enumerate(old) if handle == made.gone), 0)]
    place = _there(above, _rules(now))
    if place is None:
        return (head[0], "insert", *head[1:], *words)
    return (head[0], "add", *head[1:], "handle", str(place), *words)


def _there(above: list[tuple[int, str]], now: list[tuple[int, str]]) -> int | None:
    """The handle that the last of these rules has now; None where none of them is left."""
    handles = {handle for handle, _ in now}
    lost = {handle for handle, _ in above} - handles
    for handle, text in reversed(above):
        if handle in handles:
            return handle
        # Put back, it has a later handle than all there was.
        alike = [new for new, said in now if said == text and new > max(lost)]
        if alike:
            return alike[-1]
    return None


def rule_words(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The words of an nft command that are the rule itself."""
    return argv[8:] if argv[6] in _PLACES else argv[6:]


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
