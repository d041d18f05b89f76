"""What an answer shows of a wrong setting."""

from dataclasses import replace

import pytest

from diagnose.parsers.setting_symptoms import has_token
from tests.support.page_errors import page


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ('<input type="hidden" name="_csrf" value="a1">', True),
        ("<input name=authenticity_token type=hidden value=a1>", True),
        ('<input type="hidden" name="page" value="2">', False),
        ('<input name="_csrf">', False),
        ("", False),
    ],
)
def test_a_token_of_a_form(field: str, expected: bool) -> None:
    answer = replace(page(200), body=f"<form>{field}</form>")
    assert has_token(answer) is expected
