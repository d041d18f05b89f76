from typing import get_args

from diagnose.checking.verdicts import LayerStatus
from diagnose.i18n.html import MESSAGES
from tests.support.message_usage import unused


def test_every_message_is_used() -> None:
    places = ("outputs/document.py", "outputs/markdown.py", "outputs/html*.py")
    assert unused(MESSAGES, *places) == []


def test_a_layer_has_a_word_for_each_state_in_which_a_run_can_end() -> None:
    states = {message.key for message in MESSAGES if message.key.startswith("state.")}
    assert states == {f"state.{status}" for status in get_args(LayerStatus)} - {"state.running"}
