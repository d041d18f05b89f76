"""Edits of a `reverse_proxy` of Caddy that several checks make."""

import pytest

from checks.server import ServerView
from checks.server._caddy_proxy_lines import (
    own_host_edit,
    passed_path_edit,
    stripped_prefix_edit,
    tls_edit,
)
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRoute
from tests.support.caddy_evidence import CADDY, CONFIG, caddy_config
from tests.support.check_evidence import evidence


def view_of(text: str) -> ServerView:
    return ServerView(evidence(), CADDY, caddy_config(text), None)


def route(line: int) -> SiteRoute:
    target = "http://127.0.0.1:3000"
    return SiteRoute(path="/", target=target, host="127.0.0.1", port=3000, file=CONFIG, line=line)


def added(edit: Edit | None) -> list[str]:
    rows = edit.diff.split("\n") if edit else []
    return [row[1:] for row in rows if row.startswith("+") and not row.startswith("+++")]


def test_an_application_gets_its_own_name() -> None:
    bare = view_of("a {\n\treverse_proxy https://app.example.com\n}\n")
    lines = added(own_host_edit(bare, route(2)))
    assert lines == [
        "\treverse_proxy https://app.example.com {",
        "\t\theader_up Host {upstream_hostport}",
        "\t}",
    ]
    block = "a {\n    reverse_proxy app:80 {\n        flush_interval -1\n    }\n}\n"
    lines = added(own_host_edit(view_of(block), route(2)))
    assert lines == ["        header_up Host {upstream_hostport}"]
    is_set = block.replace("flush_interval -1", "header_up Host x")
    assert own_host_edit(view_of(is_set), route(2)) is None
    assert own_host_edit(view_of("a {\n\trespond 404\n}\n"), route(2)) is None


def test_tls_to_the_only_application_of_a_line() -> None:
    bare = view_of("a {\n\treverse_proxy /x 127.0.0.1:3000\n}\n")
    assert added(tls_edit(bare, route(2), True)) == ["\treverse_proxy /x https://127.0.0.1:3000"]
    assert added(tls_edit(bare, route(2), False)) == [
        "\treverse_proxy /x https://127.0.0.1:3000 {",
        "\t\ttransport http {",
        "\t\t\ttls_insecure_skip_verify",
        "\t\t}",
        "\t}",
    ]
    two = view_of("a {\n\treverse_proxy 127.0.0.1:3000 127.0.0.1:3001\n}\n")
    assert tls_edit(two, route(2), True) is None
    block = view_of("a {\n\treverse_proxy 127.0.0.1:3000 {\n\t\ttransport http {\n\t\t}\n\t}\n}\n")
    assert tls_edit(block, route(2), False) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a {\n\treverse_proxy 127.0.0.1:3000\n}\n", 2),
        ("a {\n\thandle {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n}\n", 3),
        ("a {\n\thandle_path /x* {\n\t}\n\thandle {\n\t\treverse_proxy app:3000\n\t}\n}\n", 5),
    ],
)
def test_a_path_goes_to_another_application(text: str, line: int) -> None:
    (row,) = added(passed_path_edit(view_of(text), route(line), "/ws", "127.0.0.1:3001"))
    assert row.strip() == "reverse_proxy /ws 127.0.0.1:3001"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a {\n\thandle_path /x/* {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n}\n", 3),
        ("a {\n\thandle {\n\t\trewrite /x\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n}\n", 4),
        ("a {\n\tphp_fastcgi 127.0.0.1:3000\n}\n", 2),
    ],
)
def test_no_line_where_the_path_is_changed(text: str, line: int) -> None:
    assert passed_path_edit(view_of(text), route(line), "/ws", "127.0.0.1:3001") is None
    assert passed_path_edit(view_of(text), route(line), "/w s", "127.0.0.1:3001") is None


def test_a_prefix_is_taken_off() -> None:
    bare = view_of("a {\n\treverse_proxy /docs 127.0.0.1:3000\n}\n")
    lines = added(stripped_prefix_edit(bare, route(2), "/docs"))
    assert lines == ["\thandle_path /docs* {", "\t\treverse_proxy 127.0.0.1:3000", "\t}"]
    block = "a {\n    reverse_proxy /docs/* app:80 {\n        header_up X 1\n    }\n    log\n}\n"
    lines = added(stripped_prefix_edit(view_of(block), route(2), "/docs"))
    assert lines == [
        "    handle_path /docs/* {",
        "        reverse_proxy app:80 {",
        "            header_up X 1",
        "        }",
    ]
    assert stripped_prefix_edit(bare, route(2), "/doc") is None
    assert stripped_prefix_edit(view_of("a {\n\treverse_proxy app:80\n}\n"), route(2), "/a") is None
    assert stripped_prefix_edit(view_of("a {\n\treverse_proxy /a {\n"), route(2), "/a") is None


@pytest.mark.parametrize("line", [2, 3])
def test_tls_to_the_only_application_in_a_block(line: int) -> None:
    text = "a {\n\treverse_proxy {\n\t\tto 127.0.0.1:3000\n\t\tflush_interval -1\n\t}\n}\n"
    written = ["\t\tto https://127.0.0.1:3000"]
    skipped = ["\t\ttransport http {", "\t\t\ttls_insecure_skip_verify", "\t\t}"]
    assert added(tls_edit(view_of(text), route(line), True)) == written
    assert added(tls_edit(view_of(text), route(line), False)) == [*written, *skipped]
    secured = text.replace("to 127", "to https://127")
    assert added(tls_edit(view_of(secured), route(line), False)) == skipped
    for other in (
        text.replace(":3000", ":3000 127.0.0.1:3001"),
        text.replace("flush_interval -1", "to 127.0.0.1:3001"),
        text.replace("flush_interval -1", "import own"),
        text.replace("flush_interval -1", "transport http {\n\t\t}"),
    ):
        assert tls_edit(view_of(other), route(line), False) is None
