"""A variable in the environment of a service of a compose file."""

import pytest

from diagnose.parsers.compose_files import shown_compose
from diagnose.parsers.compose_variables import variable_of, with_label, with_variable

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


@pytest.mark.parametrize(
    ("environment", "added"),
    [
        ("    environment:\n      - PASSWORD=x\n      - B=c\n", "      - KC_PROXY=edge"),
        ("    environment:\n    - PASSWORD=x\n", "    - KC_PROXY=edge"),
        ("    environment:\n      # why\n      PASSWORD: x\n      B: |\n        c\n",
         '      KC_PROXY: "edge"'),
    ],
)  # fmt: skip
def test_a_variable_is_added_beside_hidden_ones(environment: str, added: str) -> None:
    """The key stands there already: with a second one docker compose refuses the file."""
    text = f"{HEAD}{environment}    ports:\n      - 1:1\n"
    shown = shown_compose(text)
    assert "PASSWORD" not in shown
    after = with_variable(shown, "kc", "KC_PROXY", "edge")
    assert after.count("environment:") == 1
    assert added in after.split("\n")


@pytest.mark.parametrize("environment", ["    environment: {A: b}\n", "    environment:\n"])
def test_no_second_environment_is_added(environment: str) -> None:
    assert not with_variable(shown_compose(HEAD + environment), "kc", "KC_PROXY", "edge")


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  shop: {image: shop, environment: {PASSWORD: example-secret}}\n",
        "services: {shop: {image: shop, environment: {PASSWORD: example-secret}}}\n",
        '{"networks": {}, "services": {"shop": {"environment": {"P": "example-secret"}}}}\n',
        "services:\n  shop:\n    image: shop\n    environment: {PASSWORD: example-secret}\n",
        "services:\n  shop:\n    environment:\n      - PASSWORD=example-secret\n",
    ],
)
def test_no_secret_is_shown(text: str) -> None:
    assert "example-secret" not in shown_compose(text)


RULE = "Host(`a.example`) && PathPrefix(`/b`)"


@pytest.mark.parametrize(
    "labels",
    [
        "",
        "    labels:\n      - other=x\n",
        "    labels:\n      other: x\n",
        "    labels:\n      - traefik.http.routers.a.rule=Host(`b.example`)\n",
        "    labels:\n      traefik.http.routers.a.rule: Host(`b.example`)\n",
    ],
)
def test_a_label(labels: str) -> None:
    name = "traefik.http.routers.a.rule"
    shown = shown_compose(HEAD + labels + "    environment:\n      A: b\n")
    edited = with_label(shown, "kc", name, RULE)
    assert variable_of(edited, "kc", name, "labels") == RULE
    assert edited.count("labels:") == 1
    assert not with_label(shown, "kc", name, 'a"b')


def test_labels_of_middlewares_are_hidden() -> None:
    own = "traefik.http.middlewares.a.basicauth.users=a:example-secret"
    shown = shown_compose(f"{HEAD}    labels:\n      - {own}\n      - traefik.enable=true\n")
    assert "example-secret" not in shown
    assert "traefik.enable=true" in shown
