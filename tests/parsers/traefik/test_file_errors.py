"""Files that Traefik 3.7.15 refused, and such as it took."""

import pytest

from diagnose.parsers.traefik.file_errors import file_error

TWICE = 'mapping key "routers" already defined at line 2'
GOOD = """\
http:
  routers:
    shop:
      rule: "Host(`shop.example.com`)"
      entrypoints: [web]
      service: shop
  services:
    shop:
      loadbalancer:
        servers:
          - url: "http://127.0.0.1:3000"
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("      service:", "\tservice:", 6, "found character that cannot start any token"),
        ("      service:", "      services:", 6, "field not found, node: services"),
        ("- url:", "- urls:", 11, "field not found, node: urls"),
        ("  services:", "  routers: {}\n  services:", 7, TWICE),
    ],
)  # fmt: skip
def test_a_refused_file(old: str, new: str, line: int, message: str) -> None:
    error = file_error("a.yml", GOOD.replace(old, new, 1))
    assert error
    assert (error.line, error.message) == (line, message)


def test_a_field_that_is_meant() -> None:
    error = file_error("a.yml", GOOD.replace("      service:", "      services:", 1))
    assert error
    assert (error.word, error.meant) == ("services", "service")


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "",
        GOOD.replace("  services:", "  models: {}\n  services:"),
        GOOD.replace("shop:", "service:").replace("service: shop", "service: service"),
        "{{ range $i := until 2 }}\na: [\n{{ end }}\n",
        "http:\n  middlewares:\n    a: {chain: {middlewares: [b]}}\n",
    ],
)
def test_nothing_is_known_against_a_file(text: str) -> None:
    assert file_error("a.yml", text) is None


def test_toml() -> None:
    error = file_error("a.toml", "[http]\nrouters = \n")
    assert error
    assert error.line == 2
    assert file_error("a.toml", "[http.routers.a]\nrule = 'x'\n") is None
