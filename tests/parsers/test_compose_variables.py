"""A variable in the environment of a service of a compose file."""

import pytest

from diagnose.parsers.compose_variables import variable_of, with_variable

HEAD = "services:\n  kc:\n    image: keycloak:18\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            HEAD + "    environment:\n      A: b\n    ports:\n      - 1:1\n",
            '      KC_PROXY: "edge"',
        ),
        (HEAD + "    environment:\n      KC_PROXY: none\n", '      KC_PROXY: "edge"'),
        (HEAD + "    environment:\n      - A=b\n", "      - KC_PROXY=edge"),
        (HEAD + '    environment:\n    - "KC_PROXY=none"\n', '    - "KC_PROXY=edge"'),
        (HEAD, '      KC_PROXY: "edge"'),
    ],
)
def test_an_edit(text: str, line: str) -> None:
    edited = with_variable(text, "kc", "KC_PROXY", "edge")
    assert line in edited.split("\n")
    assert variable_of(edited, "kc", "KC_PROXY") == "edge"
    rest = [each for each in edited.split("\n") if "KC_PROXY" not in each and "environ" not in each]
    assert set(rest) <= set(text.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  kc: &x\n    image: a\n",
        "services:\n  kc:\n    <<: *base\n    image: a\n",
        "services:\n  db:\n    image: a\n",
        "services:\n  kc: {image: a}\n",
        HEAD + "    environment: {A: b}\n",
        "services: [\n",
    ],
)
def test_no_edit(text: str) -> None:
    assert not with_variable(text, "kc", "KC_PROXY", "edge")
