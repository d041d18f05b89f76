"""Words that say that a fault is over: what they tell of it is no fault any more. No I/O."""

from diagnose.parsers.lazy_pattern import lazy_pattern

#: What people write when all works again: in the last words of a message, or its first.
_SOLVED = lazy_pattern(
    r"(?i)\b(?:it|this|that|everything|all|the (?:site|page|shop|app)) (?:is )?"
    r"(?:works?|working|ok|fine)(?: (?:fine|well|perfectly|again|great))?,? now(?! and then)"
    r"|\bnow (?:it|this|everything|all)(?: all)? (?:works?|is (?:ok|fine|good|working))\b"
    r"|\b(?:error|problem|issue|fault|[45]\d\d) (?:is|was|has been|is now) (?:now )?"
    r"(?:gone|solved|fixed|resolved)"
    r"|\b(?:i|we) (?:have )?(?:just )?(?:fixed|solved) (?:it|this|that)\b"
    r"|已经?(?:经)?(?:解决|修复|恢复正常)了?|(?:现在|已经?)(?:都)?(?:恢复)?(?:正常|可以|好)了"
    r"|问题(?:已经?)?解决了?|没有?问题了"
)
#: What takes it back: a fault that is still there, or comes back after a restart.
_TAKEN_BACK = lazy_pattern(
    r"(?i)\b(?:but|however|except|only|still|yet|although|though|until|unless|sometimes|if|when)\b"
    r"|\b(?:how|not|every|each|daily|re-?(?:start|load|boot)\w{0,3}|minutes?|hours?|days?)\b"
    r"|n['’]t\b|\b(?:now|then) (?:i|we|it) (?:get|see|fail|say)\w{0,3}|\bnew (?:error|problem)"
    r"|但|不过|可是|只是|却|然而|还是|仍|又|每|隔|重启|重载|偶尔|有时|之后|才|吗|[?？]"
    r"|没(?!有?问题了)|未|不(?!客气)|无法"
)


def is_solved(line: str) -> bool:
    """Return whether a message says that its fault is over, and nothing in it takes that back."""
    return _SOLVED.search(line) is not None and _TAKEN_BACK.search(line) is None
