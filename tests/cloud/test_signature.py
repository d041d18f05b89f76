"""The signature against the vendor's published example."""

from diagnose.cloud.aliyun.signature import signed_request
from diagnose.cloud.provider import Credentials


def test_signature_of_the_vendors_example() -> None:
    request = signed_request(
        "https://ecs.cn-shanghai.aliyuncs.com",
        "RunInstances",
        "2014-05-26",
        {
            "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
            "RegionId": "cn-shanghai",
        },
        Credentials("YourAccessKeyId", "YourAccessKeySecret", "the document"),
        "2023-10-26T10:22:32Z",
        "3156853299f313e23d1673dc12e1703d",
    )
    (authorization,) = (value for name, value in request.headers if name == "authorization")
    assert authorization.endswith(
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_parameters_are_sorted_and_encoded_as_rfc_3986_has_it() -> None:
    parameters = {"b": "x y/*~", "a": '["203.0.113.7"]'}
    credentials = Credentials("id", "secret", "test")
    request = signed_request("https://h", "A", "1", parameters, credentials, "d", "n")
    assert request.url == "https://h/?a=%5B%22203.0.113.7%22%5D&b=x%20y%2F%2A~"


def test_a_session_token_is_signed() -> None:
    credentials = Credentials("id", "secret", "test", "token")
    headers = dict(signed_request("https://h", "A", "1", {}, credentials, "d", "n").headers)
    assert headers["x-acs-security-token"] == "token"
    assert "x-acs-security-token" in headers["authorization"]


def test_credentials_do_not_show_their_secrets() -> None:
    credentials = Credentials("key-id", "secret-canary", "a file", "token-canary")
    assert "canary" not in repr(credentials) + str(credentials)
