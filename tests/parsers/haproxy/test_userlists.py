"""Who may pass a rule of HAProxy's that asks for a password."""

from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.userlists import AskedLogin, asked_login

LISTS = "userlist a\n user bob password x\n user\nuserlist b\n user eve password x\n"


def login(*lines: str) -> AskedLogin | None:
    rules = "".join(f" {line}\n" for line in lines)
    config = parse([("/h.cfg", f"{LISTS}frontend f\n bind :80\n{rules}")])
    (frontend,) = config.frontends
    return asked_login(config, (frontend,), frontend.lines[-1])


def test_reads_the_users_and_the_lists_that_nothing_names() -> None:
    assert login("http-request auth if !{ http_auth(a) }") == AskedLogin(
        "a", ("bob",), ("b",), everywhere=True, unhashed=("bob",)
    )
    assert login("acl ok http_auth(a)", "http-request auth if { path /x } !ok") == AskedLogin(
        "a", ("bob",), ("b",), unhashed=("bob",)
    )


def test_a_hash_and_a_password_in_clear_behind_their_words_fit() -> None:
    users = "userlist h\n user a password $6$ab$cd\n user b insecure-password x\n"
    users += " user c password rEK1ecacw.7.c\n user d password secret\n"
    rule = "frontend f\n bind :80\n http-request auth if !{ http_auth(h) }\n"
    config = parse([("/h.cfg", users + rule)])
    asked = asked_login(config, config.frontends, config.frontends[0].lines[-1])
    assert asked is not None
    assert asked.unhashed == ("d",)


def test_no_list_two_lists_and_other_rules_are_none() -> None:
    assert login("http-request auth") is None
    assert login("http-request auth if !{ http_auth(c) }") is None
    assert login("http-request auth if !{ http_auth(a) } !{ http_auth(b) }") is None
    assert login("http-request deny if !{ http_auth(a) }") is None
    assert (
        asked_login(parse([("/h.cfg", LISTS)]), (), parse([("/h.cfg", LISTS)]).sections[0].lines[0])
        is None
    )
