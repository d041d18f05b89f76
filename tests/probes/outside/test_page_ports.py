"""Where a page needs the site, other than where it came from: what is tried, and what is not."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from diagnose.model import Failure, Target
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFile, PagePort
from diagnose.net import ConnectResult
from diagnose.probes import Options
from diagnose.probes.outside.page_ports import try_mentioned_ports
from tests.support.page_evidence import HERE, SITE, loads, script, sheet

SHOP = Target("shop.example.com", "https", "shop.example.com", 443)
VISIT = Exchange(url=f"{SITE}/", address=HERE, port=443, status=200)
REFUSED = Failure("refused", "Connection refused", 111, "ECONNREFUSED")


@dataclass
class Context:
    """A network on which every port refuses."""

    seen: list[Any]
    target: Target = SHOP
    options: Options = field(default_factory=Options)
    connections: list[tuple[str, int]] = field(default_factory=list)

    @property
    def net(self) -> "Context":
        return self

    def elapsed(self) -> float:
        return 0.0

    def observed(self, kind: type) -> list[Any]:
        return [each for each in self.seen if isinstance(each, kind)]

    def emit(self, observation: Any) -> Any:
        self.seen.append(observation)
        return observation

    async def connect(self, address: str, port: int) -> ConnectResult:
        self.connections.append((address, port))
        return ConnectResult(0.0, failure=REFUSED)


def tried(*files: PageFile, target: Target = SHOP, **page: Any) -> list[str]:
    """Return the URLs for which a port was tried."""
    ctx: Any = Context([loads(*files, **page)], target)
    asyncio.run(try_mentioned_ports(ctx, VISIT))
    ports = ctx.observed(PagePort)
    assert ctx.connections == [(HERE, port.port) for port in ports]
    return [port.url for port in ports]


def test_the_sites_address_in_the_place_of_its_name_is_tried_once() -> None:
    by_address = [sheet(f"https://{HERE}/a.css"), script(f"https://{HERE}/a.js")]
    assert tried(*by_address) == [f"https://{HERE}/a.css"]
    image = f"https://{HERE}/logo.png"
    assert tried(images=(image,)) == [image]


def test_another_port_of_the_name_is_tried() -> None:
    other = f"{SITE}:8443/a.css"
    assert tried(sheet(other), sheet()) == [other]


@pytest.mark.parametrize(
    "url",
    ["/a.css", "https://cdn.example.net/a.css", "https://198.51.100.7/a.css",
     f"http://{HERE}/a.css", "https://www.shop.example.com:8443/a.css"],
)  # fmt: skip
def test_the_page_itself_and_others_are_not_tried(url: str) -> None:
    assert not tried(sheet(url))


def test_a_target_by_address_and_a_file_that_may_be_missing_are_not_tried() -> None:
    assert not tried(sheet(f"https://{HERE}/a.css"), target=replace(SHOP, host=HERE))
    assert not tried(sheet(f"https://{HERE}/a.css", is_optional=True))


def test_https_is_tried_where_a_page_over_http_names_it() -> None:
    plain = replace(SHOP, scheme="http", port=80)
    url = "http://shop.example.com/"
    secure = sheet(f"{SITE}/a.css")
    assert tried(secure, target=plain, url=url) == [f"{SITE}/a.css"]
    assert not tried(sheet(f"{url}a.css"), target=plain, url=url)


def test_http_is_tried_where_a_page_over_http_names_another_port() -> None:
    own = "http://shop.example.com:8080/"
    plain = replace(SHOP, scheme="http", port=8080)
    lost = "http://shop.example.com/a.css"
    assert tried(sheet(lost), sheet(f"{own}b.css"), target=plain, url=own) == [lost]


def test_links_and_forms_that_lack_the_port_are_tried() -> None:
    own, target = f"{SITE}:8443/", replace(SHOP, port=8443)
    login = f"{SITE}/login"
    assert tried(url=own, target=target, portless=(login,)) == [login]
    assert tried(url=own, target=target, posts=(login,)) == [login]
    assert not tried(url=own, target=target, posts=(f"{SITE}:9443/login",))


@pytest.mark.parametrize(("scheme", "is_tried"), [("http", True), ("https", False)])
def test_a_page_over_http_may_open_a_websocket_without_tls(scheme: str, is_tried: bool) -> None:
    target = replace(SHOP, scheme=scheme, port=8080)
    url = f"{scheme}://shop.example.com:8080/"
    ctx: Any = Context([loads(url=url)], target)
    visit = replace(VISIT, url=url, port=8080, mentions=("ws://shop.example.com/ws",))
    asyncio.run(try_mentioned_ports(ctx, visit))
    assert bool(ctx.observed(PagePort)) is is_tried


def test_no_more_than_two_are_tried() -> None:
    files = [sheet(f"{SITE}:{port}/a.css") for port in (8443, 9443, 10443)]
    assert tried(*files) == [f"{SITE}:8443/a.css", f"{SITE}:9443/a.css"]
