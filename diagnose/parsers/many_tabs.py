"""Words about several tabs or windows of one browser, which share its connections. No I/O."""

from diagnose.parsers.lazy_pattern import lazy_pattern

_TABS = lazy_pattern(
    r"(?i)\b(?:six|6|seven|7|seventh|7th|sixth|6th|five|5|multiple|several|many|more) "
    r"(?:\w{1,12} ){0,2}?(?:tabs?|windows|connections|eventsources?)\b"
    r"|[六七五多几6-7] ?个?(?:标签页?|窗口|页签|连接)"
)


def tells_of_tabs(text: str) -> bool:
    """Return whether a message tells that something fails only with many tabs, windows or
    connections."""
    return _TABS.search(text) is not None
