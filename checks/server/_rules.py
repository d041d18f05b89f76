"""Which rule of a server's configuration gave an answer."""

from checks.server import ServerView
from diagnose.model.server_rules import AnsweringRule


def decisive_rule(
    view: ServerView, path: str, websocket: bool, status: int | None
) -> AnsweringRule | None:
    """Return the rule that answers a path (without a query) with this status: the first that is
    certain, or the only one that may."""
    rules = [
        rule
        for rule in view.rules
        if (rule.path, rule.websocket, rule.status) == (path, websocket, status) and rule.rule
    ]
    if rules and rules[0].is_certain:
        return rules[0]
    return rules[0] if len(rules) == 1 else None
