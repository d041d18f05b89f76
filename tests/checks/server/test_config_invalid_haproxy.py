"""HAProxy's own messages (3.0), each with the edit that corrects the mistake."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Command, Edit
from diagnose.model.files import StoredCertificate
from diagnose.model.web_servers import WebServerTest
from diagnose.parsers.haproxy.messages import parse_test
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import CONFIG, SERVER, TEXT, config
from tests.support.web_server_evidence import LISTENING

CHECK = "server.config-invalid"
VERIFY = (
    "'server other/o' : verify is enabled by default but no CA file specified. If you're running"
    " on a LAN where you're certain to trust the server's certificate, please set an explicit"
    " 'verify none' statement on the 'server' line, or use 'ssl-server-verify none' in the global"
    " section to disable server-side verifications by default."
)


def claims(text: str, *messages: str, masked: bool = True) -> list[Claim]:
    """Return the claims about a configuration for which HAProxy says this."""
    output = "\n".join(f"[ALERT]    (22843) : config : {message}" for message in messages)
    error, others = parse_test(output.replace("c.cfg", CONFIG))
    test = WebServerTest(
        product="haproxy",
        passed=False,
        message=error.message,
        file=error.file,
        line=error.line,
        warnings=others,
    )
    return judge(CHECK, SERVER, config(text), test, LISTENING, masked=masked)


def line_of(text: str, part: str) -> int:
    return next(number for number, row in enumerate(text.split("\n"), 1) if part in row)


def changed(claim: Claim) -> list[str]:
    """Return the rows that a claim's edits take away and add."""
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    return [
        row
        for step in claim.fix.steps
        if isinstance(step, Edit)
        for row in step.diff.split("\n")
        if row[:1] in {"+", "-"} and row[:3] not in {"+++", "---"}
    ]


def test_fires_with_todays_words_for_old_directives() -> None:
    rules = "    reqadd X-Forwarded-Proto:\\ https\n    option forceclose\n"
    text = TEXT.replace("    default_backend app\n", f"{rules}    default_backend app\n")
    old = "The 'reqadd' directive is not supported anymore since HAProxy 2.1. Use 'http-request"
    (claim,) = claims(text, f"parsing [c.cfg:7] : {old} add-header' instead.")
    assert changed(claim) == [
        "-    reqadd X-Forwarded-Proto:\\ https",
        "-    option forceclose",
        "+    http-request add-header X-Forwarded-Proto https",
        "+    option httpclose",
    ]
    assert claim.facts["removed"]
    unknown = text.replace("option forceclose", "reqrep ^(.*)x \\1y")
    (claim,) = claims(unknown, f"parsing [c.cfg:7] : {old} add-header' instead.")
    assert not claim.facts["corrected"], "one of the old directives has no known counterpart"


def test_a_person_replaces_a_directive_that_has_no_counterpart() -> None:
    rules = "    reqallow ^GET\n    option forceclose\n"
    text = TEXT.replace("    default_backend app\n", f"{rules}    default_backend app\n")
    message = "The 'reqallow' directive is not supported anymore since HAProxy 2.1."
    (claim,) = claims(text, f"parsing [c.cfg:7] : {message}")
    assert not claim.facts["corrected"]


OTHER = TEXT + "backend other\n    server o nowhere:80\n"
LOST = "[c.cfg:12] : 'server other/o' : could not resolve address 'nowhere'."


def test_fires_and_starts_without_a_server_whose_name_has_no_address() -> None:
    (claim,) = claims(OTHER, LOST)
    assert changed(claim) == ["+    default-server init-addr last,libc,none"]
    assert claim.facts["unresolved"] == "nowhere"
    (claim,) = claims(OTHER.replace("defaults\n    mode http\n", ""), LOST)
    assert "+    server o nowhere:80 init-addr last,libc,none" in changed(claim)


def test_a_person_writes_the_address_of_the_only_server_of_the_site() -> None:
    text = TEXT.replace("127.0.0.1:3000", "nowhere:3000")
    message = "[c.cfg:10] : 'server app/a' : could not resolve address 'nowhere'."
    (claim,) = claims(text, message)
    assert not claim.facts["corrected"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("10.0.0.5:443 ssl", "10.0.0.5:443 ssl verify none"),
        ("10.0.0.5:443 ssl verify required", "10.0.0.5:443 ssl verify none"),
        (
            "api.example.net:443 ssl",
            "api.example.net:443 ssl verify required ca-file @system-ca"
            " sni str(api.example.net) verifyhost api.example.net",
        ),
        (
            "api.example.net:443 ssl verify required sni req.hdr(host)",
            "api.example.net:443 ssl verify required sni req.hdr(host) ca-file @system-ca",
        ),
    ],
)
def test_fires_with_a_word_about_the_certificate(address: str, words: str) -> None:
    text = TEXT + f"backend other\n    server o {address}\n"
    (claim,) = claims(text, f"[c.cfg:12] : {VERIFY}")
    assert changed(claim) == [f"-    server o {address}", f"+    server o {words}"]


TCP = TEXT + "backend other\n    mode tcp\n    server o 127.0.0.1:81\n"
TCP = TCP.replace("    default_backend app\n", "    default_backend other\n")
MODES = (
    "http frontend 'web' (c.cfg:5) tries to use incompatible tcp backend 'other' (c.cfg:11) as its"
    " default backend (see 'mode')."
)


def test_fires_with_the_mode_of_the_frontend() -> None:
    (claim,) = claims(TCP, MODES)
    assert changed(claim) == ["-    mode tcp", "+    mode http"]
    (claim,) = claims(TCP.replace(":81", ":443"), MODES)
    assert not claim.facts["corrected"], "it may be there for TLS as it is"


def test_fires_without_pages_that_are_not_there() -> None:
    pages = "    errorfile 503 /gone/503.http\n    errorfile 404 /there/404.http\n"
    text = TEXT.replace("    mode http\n", f"    mode http\n{pages}")
    (claim,) = claims(text, "parsing [c.cfg:5] : errorfile : error opening file '/gone/503.http'.")
    assert changed(claim) == ["-    errorfile 503 /gone/503.http"]


@pytest.mark.parametrize(("written", "there"), [("apps", "app"), ("web_server", "app")])
def test_fires_with_the_name_of_the_backend(written: str, there: str) -> None:
    text = TEXT.replace("default_backend app", f"default_backend {written}")
    message = f"Proxy 'web': unable to find required default_backend: '{written}'."
    (claim,) = claims(text, message)
    assert changed(claim) == [f"-    default_backend {written}", f"+    default_backend {there}"]
    two = text + "backend another\n    server o 127.0.0.1:81\n"
    (claim,) = claims(two, message)
    assert claim.facts["corrected"] is (written == "apps"), "which of two is meant?"


RULE = "    use_backend app if is_api\n"


@pytest.mark.parametrize(
    ("rules", "rows"),
    [
        (
            f"{RULE}    acl is_api path_beg /api\n",
            ["+    acl is_api path_beg /api", "-    acl is_api path_beg /api"],
        ),
        (
            f"    acl is_apis path_beg /api\n{RULE}",
            ["-    use_backend app if is_api", "+    use_backend app if is_apis"],
        ),
    ],
)
def test_fires_with_the_acl_of_the_rule(rules: str, rows: list[str]) -> None:
    text = TEXT.replace("    default_backend app\n", f"{rules}    default_backend app\n")
    place = f"parsing [c.cfg:{line_of(text, 'use_backend')}]"
    message = f"{place} : error detected while parsing switching rule : no such ACL : 'is_api'."
    (claim,) = claims(text, message)
    assert changed(claim) == rows


def test_fires_with_no_name_that_the_rule_has_already() -> None:
    def claim_of(name: str) -> Claim:
        rules = (
            "    acl is_websocket_url path_beg /ws\n"
            f"    use_backend app if {name} is_websocket_url\n"
        )
        text = TEXT.replace("    default_backend app\n", f"{rules}    default_backend app\n")
        place = f"parsing [c.cfg:{line_of(text, 'use_backend')}]"
        mistake = "error detected while parsing switching rule : no such ACL"
        (claim,) = claims(text, f"{place} : {mistake} : '{name}'.")
        return claim

    assert changed(claim_of("is_websocket")) == ["+    acl is_websocket hdr(Upgrade) -i websocket"]
    unknown = claim_of("is_websocket_ur").fix
    assert unknown
    assert unknown.applicability is Applicability.MANUAL


def test_fires_with_an_acl_of_another_section_and_with_blanks_at_braces() -> None:
    text = TEXT.replace("    default_", "    acl inside src 10.0.0.0/8\n    default_")
    text = text.replace(
        "    option httpchk", "    http-request deny if !inside\n    option httpchk"
    )
    place = f"parsing [c.cfg:{line_of(text, 'deny')}]"
    message = f"{place} : error detected while parsing a condition : no such ACL"
    (claim,) = claims(text, f"{message} : 'inside'.")
    assert changed(claim) == ["+    acl inside src 10.0.0.0/8"]
    text = TEXT.replace(
        "    default_backend", "    use_backend app if {path /a}\n    default_backend"
    )
    place = f"parsing [c.cfg:{line_of(text, 'use_backend')}]"
    message = f"{place} : error detected while parsing switching rule : no such ACL : '{{path'."
    (claim,) = claims(text, message)
    assert changed(claim)[-1] == "+    use_backend app if { path /a }"


def test_fires_with_a_line_break_at_the_end() -> None:
    text = TEXT.rstrip("\n")
    message = "parsing [c.cfg:10]: Missing LF on last line, file might have been truncated at"
    (claim,) = claims(text, f"{message} position 35.")
    assert claim.facts["newline"]
    assert changed(claim)[-1] == "+    server a 127.0.0.1:3000 check"


HSTS = "    http-response set-header Strict-Transport-Security max-age=1; includeSubDomains{}\n"


@pytest.mark.parametrize("condition", ["", " if { ssl_fc }"])
def test_fires_with_quotes_around_a_value_of_several_words(condition: str) -> None:
    line = HSTS.format(condition)
    text = TEXT.replace("    default_", f"{line}    default_")
    place = f"parsing [c.cfg:{line_of(text, 'Strict')}]"
    expected = "expects either 'if' or 'unless' followed by a condition but found"
    message = f"{place}: 'http-response set-header' {expected} 'includeSubDomains'."
    # Masked, the value has no blanks any more.
    (claim,) = claims(text, message, masked=False)
    quoted = line.replace("max-age=1; includeSubDomains", '"max-age=1; includeSubDomains"')
    assert changed(claim) == [f"-{line[:-1]}", f"+{quoted[:-1]}"]
    (claim,) = claims(text, message.replace(place, "parsing [c.cfg:6]"))
    assert not claim.facts["corrected"], "it is another line"


def test_silent_about_an_edit_for_other_mistakes() -> None:
    (claim,) = claims(TEXT, "parsing [c.cfg:6] : 'bind' : missing port specification in '1.2.3.4'")
    assert not claim.facts["corrected"]
    assert not claim.facts["removed"]


def test_fires_for_an_account_that_is_not_there() -> None:
    text = TEXT.replace("    maxconn 5\n", "    user haproxy-lb\n    group haproxy\n")
    message = "parsing [c.cfg:2] : cannot find user id for 'haproxy-lb' (0:Success)"
    (claim,) = claims(text, message)
    assert changed(claim) == ["-    user haproxy-lb", "+    user haproxy"]
    own = text.replace("haproxy-lb", "haproxy")
    (claim,) = claims(own, message.replace("haproxy-lb", "haproxy"))
    assert not claim.facts["corrected"], "the package's own account is not there"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("option httpchk", "option httpchek",
         "unknown option 'httpchek'; did you mean 'httpchk' maybe ?"),
        ("default_backend", "default_bakend",
         "unknown keyword 'default_bakend' in 'frontend' section; did you mean 'default_backend'"
         " maybe ?"),
        ("mode http", "mod http",
         "unknown keyword 'mod' in 'defaults' section; did you mean 'mode' maybe ?"),
        ("maxconn 5", "timeout clint 5s",
         "'timeout' supports 'client', 'server', 'connect', 'check' (got 'clint')"),
        ("maxconn 5", "acl x pth_beg /a",
         "error detected while parsing ACL 'x' : unknown fetch method 'pth_beg' in ACL expression"
         " 'pth_beg'."),
        ("maxconn 5", "http-request set-headr A b", "'http-request' expects 'wait-for-handshake',"),
    ],
)  # fmt: skip
def test_a_word_with_a_typing_error_is_corrected(old: str, new: str, message: str) -> None:
    text = TEXT.replace(old, new, 1)
    number = line_of(text, new)
    (claim,) = claims(text, f"parsing [c.cfg:{number}] : {message}", masked=False)
    assert claim.facts["spelling"]
    minus, plus = changed(claim)
    assert new in minus
    assert str(claim.facts["spelling"]) in plus


def test_a_word_that_is_quite_another_is_left_to_a_person() -> None:
    for new, message in (
        ("bnd2 http", "unknown keyword 'bnd2' in 'defaults' section; did you mean 'bind' maybe ?"),
        ("timeout foo", "'timeout' supports 'client', 'server' (got 'foo')"),
    ):
        text = TEXT.replace("mode http", new, 1)
        (claim,) = claims(text, f"parsing [c.cfg:{line_of(text, new)}] : {message}")
        assert not claim.facts["spelling"]


LIVE = "/etc/letsencrypt/live/shop.example.com"
STORED = StoredCertificate(path=f"{LIVE}/fullchain.pem", chain=(LEAF,), key=f"{LIVE}/privkey.pem")


@pytest.mark.parametrize(
    ("words", "own", "is_edit"),
    [
        ("ssl crt /etc/haproxy/certs/", "/etc/haproxy/certs/shop.example.com.pem", False),
        ("ssl", "/etc/haproxy/shop.example.com.pem", True),
        ("ssl crt certs", "", False),
    ],
)
def test_the_certificate_that_lies_on_the_server_is_put_into_a_file(
    words: str, own: str, is_edit: bool
) -> None:
    text = TEXT.replace("ssl crt /etc/haproxy/shop.pem", words)
    number = line_of(text, "bind")
    message = f"Proxy 'web': no SSL certificate specified for bind ':443' at [{CONFIG}:{number}]"
    test = WebServerTest(product="haproxy", passed=False, message=message, file=CONFIG, line=number)
    told = (SERVER, config(text), test, LISTENING)
    (claim,) = judge(CHECK, *told, STORED, masked=False)
    assert claim.fix
    assert (claim.fix.applicability is Applicability.REVIEW) is bool(own)
    if own:
        bundle = claim.fix.steps[0]
        assert isinstance(bundle, Command)
        assert bundle.argv[-3:] == (own, f"{LIVE}/fullchain.pem", f"{LIVE}/privkey.pem")
        assert any(isinstance(step, Edit) for step in claim.fix.steps) is is_edit
    (claim,) = judge(CHECK, *told, replace(STORED, key=""), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
