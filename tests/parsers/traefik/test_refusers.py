from diagnose.parsers.traefik.refusers import refusers_of


def test_middlewares_that_may_refuse_are_read_through_chains() -> None:
    middlewares = {
        "all@file": {"chain": {"middlewares": ["office", "all"]}, "status": "enabled"},
        "office": {"IPWhiteList": {"sourcerange": ["10.0.0.0/8", "192.0.2.1"]}},
        "headers@file": {"headers": {"frameDeny": True}},
        "slow@file": {"rateLimit": {"average": 5, "burst": 2}},
    }
    router = {"middlewares": ["headers", "all", "slow@file", "absent"]}
    found = refusers_of(router, middlewares, "file")
    assert [(each.kind, each.value, each.status) for each in found] == [
        ("rateLimit", "5", 429),
        ("ipWhiteList", "10.0.0.0/8, 192.0.2.1", 403),
    ]


def test_what_is_no_middleware_is_passed_over() -> None:
    odd = {"a": "text", "b": {"chain": 7, "rateLimit": []}, "c": None}
    assert [each.value for each in refusers_of({"middlewares": ["a", "b", "c"]}, odd, "")] == [""]
    assert not refusers_of({"middlewares": "a"}, odd, "")
