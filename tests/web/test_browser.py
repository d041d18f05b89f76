"""The screen as a person sees it in a real browser."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.chromium import CHROMIUM, Tab, browser
from tests.support.processes import serving

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed: no browser has opened the screen"
)


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    """A page of `diagnose web`, on a target where nothing listens and nobody else can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{held.getsockname()[1]}"
        words = ("--lang", "en", "--outside", target)
        with serving(tmp_path, *words) as running, browser(tmp_path) as made:
            made.open(running.url)
            yield made


def test_the_cause_stands_in_the_browser_and_the_keys_work(tab: Tab) -> None:
    shown = tab.sees("tcp.refused", "refuses the connection", "[1 Answer]")
    assert "ROOT CAUSE" in shown
    tab.press("2")
    tab.sees("[2 Evidence]", "nc -v -z")
    tab.press("1")
    tab.sees("[1 Answer]")
    tab.press("L")
    tab.sees("tcp.refused", "端口拒绝连接")
    assert tab.complaints() == []


def test_the_browser_speaks_to_nobody_else(tab: Tab) -> None:
    tab.sees("tcp.refused")
    asked = [event["request"]["url"] for event in tab.told("Network.requestWillBeSent")]
    asked += [event["url"] for event in tab.told("Network.webSocketCreated")]
    assert len(asked) >= 7
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(asked[0]).netloc}
    assert urlsplit(asked[0]).hostname == "127.0.0.1"


def test_a_page_that_has_ended_says_so_and_begins_again(tab: Tab) -> None:
    tab.sees("tcp.refused")
    tab.press("q")
    tab.until(lambda: tab.text("#ended") == "This screen has ended. Start again", "the end")
    tab.loads(lambda: tab.press("Enter"))
    tab.sees("tcp.refused")
    assert tab.text("#ended") == ""


def test_the_browser_obeys_what_the_page_forbids(tab: Tab) -> None:
    """That a complaint would be heard, and that the page's policy is not for show."""
    tab.evaluate("document.body.append(Object.assign(document.createElement('script'),"
                 " {text: 'document.title = 1'}))")  # fmt: skip
    tab.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:1/'}))")
    tab.until(lambda: len(tab.complaints()) >= 2, "two complaints")
    assert all("Content Security Policy" in complaint for complaint in tab.complaints())
    assert tab.evaluate("document.title") != "1"


def test_a_page_of_another_port_cannot_open_the_websocket(tab: Tab, tmp_path: Path) -> None:
    """Of the same machine, with the secret and all: its Origin is another."""
    url = tab.evaluate("document.querySelector('#terminal').dataset.sessionWebsocketUrl")
    with serving(tmp_path) as other:
        tab.call("Page.setBypassCSP", enabled=True)
        tab.open(other.url.rsplit("/", 2)[0] + "/")
        assert "not the whole address" in tab.text("body")
        opened = f"""new Promise(told => {{
          const socket = new WebSocket("{url}");
          socket.onopen = () => told("open");
          socket.onerror = () => told("refused");
        }})"""
        assert tab.evaluate(opened) == "refused"
    (error,) = [event["errorMessage"] for event in tab.told("Network.webSocketFrameError")]
    assert "Unexpected response code: 403" in error
