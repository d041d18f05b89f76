import pytest

from diagnose.parsers.traefik.passing import Passing, keeps_host, passing_of, router_of

API = "Host(`shop.example.com`) && PathPrefix(`/api`)"
MIDDLEWARES: dict[str, object] = {
    "strip": {"stripPrefix": {"prefixes": ["/other", "/api"]}},
    "add@docker": {"addPrefix": {"prefix": "/v1"}},
    "replace": {"replacePath": {"path": "/one"}},
    "plain": {"headers": {"frameDeny": True}},
}


@pytest.mark.parametrize(
    ("rule", "names", "passing"),
    [
        (API, ["strip"], Passing("/api", "")),
        (API, [], Passing("/api", "/api")),
        (API, ["plain"], Passing("/api", "/api")),
        (API, ["strip", "add@docker"], Passing("/api", "/v1")),
        (API, ["replace"], Passing("/api", "/one", True)),
        ("Host(`a`)", ["strip"], Passing()),
        ("Host(`a`)", ["add@docker"], Passing("/", "/v1/")),
        # Which of several beginnings a request has is not known.
        ("PathPrefix(`/a`) || PathPrefix(`/b`)", [], Passing()),
        ("Host(`a`) && !PathPrefix(`/api`)", ["strip"], Passing()),
    ],
)
def test_what_the_application_gets(rule: str, names: list[str], passing: Passing) -> None:
    assert passing_of(rule, {"middlewares": names}, MIDDLEWARES, "file") == passing


def test_the_host_is_kept_unless_the_service_says_otherwise() -> None:
    assert keeps_host({"loadBalancer": {}})
    assert not keeps_host({"loadBalancer": {"passHostHeader": False}})
    # So it stands in the labels of a container.
    assert not keeps_host({"loadBalancer": {"passHostHeader": "false"}})


def test_a_router_has_its_provider_in_its_name_or_not() -> None:
    assert router_of({"routers": {"api": {"rule": API}}}, "api@file") == {"rule": API}
    assert router_of({}, "api") == {}
