"""Tencent's signatures against the samples that the vendor publishes ("Signature v3")."""

from diagnose.cloud.tencent.signature import (
    CONTENT_TYPE,
    authorization,
    canonical_request,
    signed_headers,
)

PAYLOAD = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
TIMESTAMP = 1551113065
HEADERS = {"Content-Type": CONTENT_TYPE, "Host": "cvm.tencentcloudapi.com"}


def test_the_older_sample_of_the_document() -> None:
    assert authorization(
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******",
        "Gu5t9xGARNpq86cd98joQYCN3*******",
        "cvm",
        HEADERS,
        PAYLOAD,
        TIMESTAMP,
    ) == (
        "TC3-HMAC-SHA256 "
        "Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c"
    )


def test_the_newer_sample_signs_the_action_as_well() -> None:
    signed = authorization(
        "AKID" + "*" * 32,
        "*" * 32,
        "cvm",
        {**HEADERS, "X-TC-Action": "DescribeInstances"},
        PAYLOAD,
        TIMESTAMP,
    )
    assert "SignedHeaders=content-type;host;x-tc-action" in signed
    assert signed.endswith("10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f")


def test_the_sample_s_canonical_request() -> None:
    assert canonical_request(HEADERS, PAYLOAD) == (
        "POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:cvm.tencentcloudapi.com\n\n"
        "content-type;host\n35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"
    )


def _headers(token: str = "", region: str = "ap-guangzhou") -> dict[str, str]:
    host = "vpc.tencentcloudapi.com"
    return signed_headers("id", "key", token, host, "X", "2017-03-12", region, b"{}", TIMESTAMP)


def test_a_temporary_key_sends_its_token() -> None:
    assert _headers("token")["X-TC-Token"] == "token"
    assert "X-TC-Token" not in _headers()


def test_the_service_is_the_host_s_first_label() -> None:
    assert "/2019-02-25/vpc/tc3_request" in _headers()["Authorization"]
    assert "X-TC-Region" not in _headers(region="")
