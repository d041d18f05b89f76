"""cloud.icp-filing-block: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Confidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.model.tls import NameTrials, TrialName, TrialProtocol
from tests.support.check_evidence import judge
from tests.support.cloud_evidence import INSTANCE, cloud_machine
from tests.support.tls_evidence import RESET, shake

CHECK = "cloud.icp-filing-block"
ADDRESS, NAME = "203.0.113.10", "shop.example.com"
OPEN = Connection(address=ADDRESS, family=4, port=443)
BEAVER = (("Server", "Beaver"), ("Content-Type", "text/html"), ("Connection", "close"))
TITLE = "<title>Non-compliance ICP Filing</title>"
FRAME = '<script>document.getElementById("m").src="http://www.aliyun.com/beian/beian-block?id=0";'
OLD_FRAME = '<script>document.getElementById("m").src="http://batit.aliyun.com/alww.html";'
WEBBLOCK = "https://dnspod.qcloud.com/static/webblock.html?d="


def plain(status: int = 403, body: str = TITLE + FRAME, **fields: Any) -> Exchange:
    given = {"headers": BEAVER, "url": f"http://{NAME}/", "address": ADDRESS, "port": 80, **fields}
    return Exchange(**{"purpose": "plain", "status": status, "body": body, **given})


def redirect(location: str) -> Exchange:
    return plain(302, "", headers=(("Location", location),))


def secure() -> Exchange:
    return Exchange(url=f"https://{NAME}/", address=ADDRESS, port=443, status=200)


SENT: dict[TrialName, str] = {"own": NAME, "none": "", "other": "diagnose.invalid"}


def trials(
    own: int, others: int = 0, protocol: TrialProtocol = "TLSv1.2", tries: int = 5
) -> list[NameTrials]:
    return [
        NameTrials(
            address=ADDRESS,
            port=443,
            sent=sent,
            name=name,
            protocol=protocol,
            tries=tries,
            blocked=own if name == "own" else others,
            answered=tries - (own if name == "own" else others),
        )
        for name, sent in SENT.items()
    ]


@pytest.mark.parametrize(
    "body", [TITLE + FRAME, TITLE + OLD_FRAME, "<p>该域名当前备案状态不符合访问要求</p>"]
)
def test_fires_on_the_pages_of_alibaba(body: str) -> None:
    (claim,) = judge(CHECK, OPEN, plain(body=body))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["provider"] == "Alibaba Cloud"


def test_fires_on_the_redirect_of_tencent() -> None:
    (claim,) = judge(CHECK, OPEN, redirect(f"{WEBBLOCK}{NAME}"))
    assert claim.facts["provider"] == "Tencent Cloud"
    assert claim.confidence is Confidence.CERTAIN


def test_fires_as_a_warning_where_https_still_works() -> None:
    (claim,) = judge(CHECK, OPEN, plain(), shake(), secure(), *trials(0))
    assert claim.severity is Severity.WARNING
    assert {subject.port for subject in claim.covers} == {80}


def test_fires_as_an_error_where_most_handshakes_are_reset() -> None:
    """One handshake got through."""
    (claim,) = judge(CHECK, OPEN, plain(), shake(), secure(), *trials(4))
    assert claim.severity is None
    assert (claim.facts["tries"], claim.facts["blocked"]) == (5, 4)
    assert {subject.port for subject in claim.covers} == {80, 443}


def test_fires_and_counts_the_reset_as_its_own() -> None:
    (claim,) = judge(CHECK, OPEN, plain(), shake(failure=RESET))
    assert claim.facts["resets"]


def test_fires_behind_a_cdn_that_asks_the_server_over_http() -> None:
    headers = (("Server", "cloudflare"), ("CF-RAY", "8a1b2c3d4e5f-FRA"))
    page = plain(url=f"https://{NAME}/", port=443, purpose="target", headers=headers)
    (claim,) = judge(CHECK, OPEN, page)
    assert claim.facts["behind"] == "Cloudflare"
    assert claim.confidence is Confidence.LIKELY


def test_fires_and_is_not_sure_where_every_name_gets_the_page() -> None:
    (claim,) = judge(CHECK, OPEN, plain(), *trials(3, 3, "HTTP", 3))
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "page",
    [
        plain(body="<h1>403 Forbidden</h1><center>nginx</center>", headers=(("Server", "nginx"),)),
        plain(body="<p>本站已备案：京ICP备00000000号</p>", headers=(("Server", "nginx"),)),
        plain(body=TITLE, headers=(("Server", "nginx"),)),
        plain(body="Forbidden"),
        plain(200),
        redirect("https://shop.example.com/"),
        redirect(f"{WEBBLOCK}other.example.net"),
        redirect(WEBBLOCK.removesuffix("?d=")),
        redirect(f"https://[dnspod.qcloud.com/static/webblock.html?d={NAME}"),
        plain(url="http://www.example.net/"),
    ],
)
def test_silent_on_what_only_looks_like_it(page: Exchange) -> None:
    assert not judge(CHECK, OPEN, page)


def both_versions(own: int = 5) -> list[NameTrials]:
    return [*trials(own), *trials(own, protocol="TLSv1.3")]


@pytest.mark.parametrize("region", ["cn-hangzhou", "ap-guangzhou", "chinaeast2"])
def test_fires_and_is_not_sure_where_the_server_is_in_a_mainland_region(region: str) -> None:
    machine = cloud_machine(region=region)
    (claim,) = judge(CHECK, OPEN, shake(failure=RESET), *both_versions(), machine)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["region"] == region
    assert {subject.port for subject in claim.covers} == {80, 443}


@pytest.mark.parametrize("region", ["cn-hongkong", "ap-southeast-1", "eu-central-1", ""])
def test_silent_where_the_region_asks_for_no_filing(region: str) -> None:
    machine = cloud_machine(region=region)
    assert not judge(CHECK, OPEN, shake(failure=RESET), *both_versions(), machine)


def test_silent_in_a_mainland_region_without_a_filter_of_the_name() -> None:
    machine = cloud_machine()
    assert not judge(CHECK, OPEN, shake(failure=RESET), machine)
    assert not judge(CHECK, OPEN, shake(failure=RESET), *trials(5, others=2), machine)


def test_silent_in_a_mainland_region_where_the_site_answers_over_http() -> None:
    observations = (OPEN, shake(failure=RESET), *both_versions(), cloud_machine())
    assert not judge(CHECK, *observations, plain(301, "", headers=(("Server", "nginx"),)))
    assert judge(CHECK, *observations, plain(301, "", address="203.0.113.99", headers=()))


def test_silent_where_the_address_is_of_another_machine() -> None:
    instance = replace(INSTANCE, public_addresses=("203.0.113.99",))
    machine = replace(cloud_machine(), instance=instance)
    assert not judge(CHECK, OPEN, shake(failure=RESET), *both_versions(), machine)


def test_silent_on_a_reset_alone() -> None:
    """Other devices reset names, too: `tls.reset` says what was seen."""
    assert not judge(CHECK, OPEN, shake(failure=RESET), *trials(5))
