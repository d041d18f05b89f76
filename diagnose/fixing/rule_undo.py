"""Undo command for a firewall rule, from chain listings before and after. No I/O.

nft(8) deletes a rule only by its handle, which is assigned when the rule is added; a restored rule
has a new handle. Restoring a rule twice would create it twice.
"""

import posixpath
import re

from diagnose.model.frozen import frozen

_IPTABLES = re.compile(r"ip6?tables(?:-(?:nft|legacy))?")
_HANDLE = re.compile(r"[ \t]*# handle (\d+)$", re.MULTILINE)
_RULE_OPTIONS = {"-A", "-I", "-D", "-R"}
_POSITION_WORDS = {"handle", "position", "index"}


@frozen
class RuleChange:
    """A command that adds or deletes a rule. `listing` is the command that lists its chain, `rule`
    the added rule, `deleted_handle` the handle of the deleted nft rule."""

    listing: tuple[str, ...]
    chain: tuple[str, ...]
    rule: str = ""
    deleted_handle: int | None = None


def rule_change(argv: tuple[str, ...]) -> RuleChange | None:
    """Parse a command that changes a rule; None for any other command."""
    program = posixpath.basename(argv[0])
    if program == "nft" and argv[2:3] == ("rule",) and len(argv) > 6:
        added = " ".join(rule_words(argv)) if argv[1] in {"add", "insert"} else ""
        deleted_handle = int(argv[7]) if argv[1] == "delete" and argv[7:] else None
        listing = (argv[0], "-s", "-a", "list", "chain", *argv[3:6])
        return RuleChange(listing, argv[3:6], added, deleted_handle)
    if _IPTABLES.fullmatch(program):
        table = argv[1:3] if argv[1:2] == ("-t",) else ()
        arguments = argv[1 + len(table) :]
        if arguments and arguments[0] in _RULE_OPTIONS and len(arguments) > 1:
            return RuleChange((argv[0], *table, "-S", arguments[1]), (arguments[1],))
    return None


def is_same_chain(before: str, after: str) -> bool:
    """Return True if a chain holds the same rules. Handles are ignored, because restored rules get
    new ones."""
    return _HANDLE.sub("", before).strip() == _HANDLE.sub("", after).strip()


def restore_command(
    change: RuleChange, before: str, after: str, undo: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the command that restores a rule deleted by nft, after the nearest preceding rule that
    still exists. A rule with the same words and another handle was itself restored."""
    head, words = (undo[0], undo[2], *change.chain), rule_words(undo)
    old = _rules(before)
    above = old[
        : next((at for at, (handle, _) in enumerate(old) if handle == change.deleted_handle), 0)
    ]
    position = _current_handle(above, _rules(after))
    if position is None:
        return (head[0], "insert", *head[1:], *words)
    return (head[0], "add", *head[1:], "handle", str(position), *words)


def _current_handle(
    above: list[tuple[int, str]], current_rules: list[tuple[int, str]]
) -> int | None:
    """Return the current handle of the last of these rules that exists; None if none is left."""
    handles = {handle for handle, _ in current_rules}
    missing_handles = {handle for handle, _ in above} - handles
    for handle, text in reversed(above):
        if handle in handles:
            return handle
        # If it was restored, its handle is higher than all earlier ones.
        matching_handles = [
            new
            for new, rule_text in current_rules
            if rule_text == text and new > max(missing_handles)
        ]
        if matching_handles:
            return matching_handles[-1]
    return None


def rule_words(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of an nft command that form the rule itself."""
    return argv[8:] if argv[6] in _POSITION_WORDS else argv[6:]


def delete_command(change: RuleChange, before: str, after: str, added: str = "") -> tuple[str, ...]:
    """Return the command that deletes the added rule; () if there is none any more.

    `added` is the chain right after the rule was added, "" if unknown. Without it, or if the chain
    was loaded anew since, the words tell: handles only grow, and of equal rules, the first is ours.
    """
    old = {handle for handle, _ in _rules(before)}
    current = dict(_rules(after))
    new = sorted((handle, text) for handle, text in current.items() if handle not in old)
    added_handle = next(
        (handle for handle, _ in _added_rules(before, added) if handle in current), None
    )
    if added_handle is None:
        added_handle = next(
            (handle for handle, text in new if change.rule and text == change.rule), None
        )
    if added_handle is None:
        return ()
    return (change.listing[0], "delete", "rule", *change.chain, "handle", str(added_handle))


def is_edited(before: str, added: str, after: str) -> bool:
    """Return True if the rule that was added is there with other words: somebody has replaced it
    (nft(8), replace keeps the handle)."""
    current = dict(_rules(after))
    return any(current.get(handle, text) != text for handle, text in _added_rules(before, added))


def _added_rules(before: str, added: str) -> list[tuple[int, str]]:
    """Return the rules that a step has added, by the chain before and right after it."""
    old = {handle for handle, _ in _rules(before)}
    return [(handle, text) for handle, text in _rules(added) if handle not in old]


def _rules(text: str) -> list[tuple[int, str]]:
    rules = []
    for line in text.splitlines():
        head = _HANDLE.search(line)
        if head and not line[: head.start()].rstrip().endswith("{"):
            rules.append((int(head[1]), line[: head.start()].strip()))
    return rules
