from diagnose.i18n.changes import MESSAGES
from tests.support.message_usage import unused


def test_every_message_is_used() -> None:
    assert unused(MESSAGES, "history/*.py") == []
