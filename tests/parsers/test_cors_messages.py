"""Which request a browser's message about CORS is about."""

import pytest

from diagnose.model.symptom import Symptom
from diagnose.parsers.cors_messages import leaves_method_open, origin_of, with_message
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN, RequestFields

CORS = Symptom("cors", "blocked by CORS policy")
BLOCKED = (
    "Access to fetch at 'https://shop.example.com/' from origin 'https://app.example.net' has been "
    "blocked by CORS policy: "
)
PREFLIGHT = f"{BLOCKED}Response to preflight request doesn't pass access control check: "


def test_the_origin_of_the_page_is_asked_with() -> None:
    fields = with_message(RequestFields(), CORS, f"{BLOCKED}No 'Access-Control-Allow-Origin'")
    assert (fields.origin, fields.method) == ("https://app.example.net", "GET")


def test_a_preflight_is_repeated_with_what_was_not_allowed() -> None:
    text = f"{PREFLIGHT}Request header field X-Token is not allowed by Access-Control-Allow-Headers"
    fields = with_message(RequestFields(), CORS, text)
    assert fields.method == "OPTIONS"
    assert fields.headers == (("Access-Control-Request-Headers", "x-token"),)
    text = f"{PREFLIGHT}Method PUT is not allowed by Access-Control-Allow-Methods in preflight"
    assert with_message(RequestFields(), CORS, text).headers == (
        ("Access-Control-Request-Method", "PUT"),
    )


def test_a_failed_preflight_without_an_origin_is_repeated() -> None:
    status = Symptom("status", "405", 405)
    for text in (
        "OPTIONS https://shop.example.com/api 405 (Method Not Allowed)",
        "预检请求 405",
        "it responds to the preflight requests with 401",
    ):
        fields = with_message(RequestFields(), status, text)
        assert (fields.method, fields.origin) == ("OPTIONS", UNKNOWN_ORIGIN)
    assert with_message(RequestFields(), status, "POST 405 OPTIONS-X") == RequestFields()
    given = RequestFields(cookie="a=b")
    assert with_message(given, status, "OPTIONS 405") == given


def test_a_message_without_its_beginning_is_about_an_address_that_is_no_first_page() -> None:
    cut = "Response to preflight request doesn't pass access control check: no HTTP ok status."
    fields = with_message(RequestFields(), CORS, cut, "/api/users")
    assert (fields.method, fields.origin) == ("OPTIONS", UNKNOWN_ORIGIN)
    assert with_message(RequestFields(), CORS, cut, "/") == RequestFields()


def test_what_the_user_gave_stays() -> None:
    given = RequestFields(origin="https://other.example.net", method="POST")
    assert with_message(given, CORS, PREFLIGHT) == given


def test_another_message_changes_nothing() -> None:
    assert with_message(RequestFields(), Symptom("mime", "x"), BLOCKED) == RequestFields()
    assert with_message(RequestFields(), None, BLOCKED) == RequestFields()
    assert with_message(RequestFields(), CORS, "跨域") == RequestFields()


FIREFOX = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at "
    "https://shop.example.com/api. "
)


def test_a_message_without_an_origin_is_asked_with_an_origin_of_nobody() -> None:
    text = f"{FIREFOX}(Reason: CORS header ‘Access-Control-Allow-Origin’ missing)."
    assert with_message(RequestFields(), CORS, text) == RequestFields(origin=UNKNOWN_ORIGIN)
    given = RequestFields(origin="https://app.example.net")
    assert with_message(given, CORS, text) == given


@pytest.mark.parametrize(
    "reason",
    [
        "header ‘authorization’ is not allowed according to header ‘Access-Control-Allow-Headers’ "
        "from CORS preflight response",
        "missing token ‘authorization’ in CORS header ‘Access-Control-Allow-Headers’ from CORS "
        "preflight channel",
    ],
)
def test_a_preflight_of_firefox_is_repeated(reason: str) -> None:
    fields = with_message(RequestFields(), CORS, f"{FIREFOX}(Reason: {reason}).")
    assert fields.method == "OPTIONS"
    assert fields.headers == (("Access-Control-Request-Headers", "authorization"),)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (
            "header contains multiple values 'http://front.com, http://front.com'",
            "http://front.com",
        ),
        ("contains multiple values '*, https://app.example.net', but", "https://app.example.net"),
        ("CORS when I call it from http://localhost:3000.", "http://localhost:3000"),
        (
            "a CORS error from my React app at https://App.example.net/page",
            "https://app.example.net",
        ),
        ("curl -H 'Origin: https://app.example.net' shows no CORS", "https://app.example.net"),
        ("header has a value 'https://b.example.net' that is not equal to the origin", ""),
        ("CORS at https://shop.example.com/api", ""),
    ],
)
def test_the_site_that_asks_is_read_from_words(text: str, origin: str) -> None:
    assert origin_of(text) == origin
    fields = with_message(RequestFields(), CORS, text)
    assert fields == RequestFields(origin=origin) if origin else fields == RequestFields()


def test_a_site_in_a_message_about_a_status_is_no_origin() -> None:
    status = Symptom("status", "404", 404)
    text = "from https://app.example.net I get a 404"
    assert with_message(RequestFields(), status, text) == RequestFields()


PAGE = "https://www.example.com"
RESOURCE = "https://api.example.com"
NO_FIELD = "No 'Access-Control-Allow-Origin' header is present on the requested resource."


@pytest.mark.parametrize(
    "text",
    [
        # Chromium today, also after a redirect.
        f"Access to font at '{RESOURCE}/a.woff2' from origin '{PAGE}' has been blocked by CORS "
        f"policy: {NO_FIELD}",
        f"Access to script at '{RESOURCE}/a.mjs' from origin '{PAGE}' has been blocked by CORS "
        f"policy: {NO_FIELD}",
        f"Access to XMLHttpRequest at '{RESOURCE}/b' (redirected from '{RESOURCE}/a') from origin "
        f"'{PAGE}' has been blocked by CORS policy: {NO_FIELD}",
        f"Access to fetch at '{RESOURCE}/' from origin '{PAGE}' has been blocked by CORS policy: "
        "The 'Access-Control-Allow-Origin' header has a value 'https://other.example.net' that is "
        "not equal to the supplied origin.",
        # Chromium until 2017, which named the resource's origin first.
        f"Access to Font at '{RESOURCE}/a.woff2' from origin '{RESOURCE}' has been blocked by CORS "
        f"policy: {NO_FIELD} Origin '{PAGE}' is therefore not allowed access.",
        f"XMLHttpRequest cannot load {RESOURCE}/a. {NO_FIELD} Origin '{PAGE}' is therefore not "
        "allowed access. The response had HTTP status code 404.",
        f"Fetch API cannot load {RESOURCE}/a. {NO_FIELD} Origin '{PAGE}' is therefore not allowed "
        "access.",
        f"Redirect from '{RESOURCE}/a' to 'https://login.example.net/' has been blocked by CORS "
        f"policy: {NO_FIELD} Origin '{PAGE}' is therefore not allowed access.",
        # WebKit.
        f"Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 200",
        f"XMLHttpRequest cannot load {RESOURCE}/a. Origin {PAGE} is not allowed by "
        "Access-Control-Allow-Origin.",
    ],
)
def test_the_page_is_not_the_resource(text: str) -> None:
    assert origin_of(text) == PAGE
    assert with_message(RequestFields(), CORS, text).origin == PAGE


def test_a_file_of_which_the_origin_alone_is_named_is_not_asked() -> None:
    text = (
        f"Font from origin '{RESOURCE}' has been blocked from loading by Cross-Origin Resource "
        f"Sharing policy: {NO_FIELD} Origin '{PAGE}' is therefore not allowed access."
    )
    assert origin_of(text) == PAGE
    assert with_message(RequestFields(), CORS, text) == RequestFields()
    cut = text.partition(" Origin 'https://www")[0]
    assert origin_of(cut) == ""


def test_a_value_that_does_not_match_names_no_page() -> None:
    text = f"{FIREFOX}(Reason: CORS header ‘Access-Control-Allow-Origin’ does not match ‘{PAGE}’)."
    assert with_message(RequestFields(), CORS, text) == RequestFields(origin=UNKNOWN_ORIGIN)


def test_a_field_that_people_name_is_asked_for() -> None:
    text = "跨域请求失败，自定义请求头 x-request-id 导致预检请求被拒绝"
    fields = with_message(RequestFields(), CORS, text)
    assert dict(fields.headers) == {"Access-Control-Request-Headers": "x-request-id"}
    assert not with_message(RequestFields(), CORS, "预检请求被拒绝，请求头 没有").headers


@pytest.mark.parametrize(
    "text",
    [
        "Quellübergreifende (Cross-Origin) Anfrage blockiert: … (Grund: CORS-Anfrage schlug fehl).",
        "Blocage d’une requête multiorigine (Cross-Origin Request) : … l’en-tête CORS manque.",
        "クロスオリジン要求をブロックしました: … (理由: CORS …)。",
        "Fetch API cannot load https://shop.example.com/ due to access control checks.",
    ],
)
def test_a_message_in_each_language_is_asked_for_with_another_origin(text: str) -> None:
    assert with_message(RequestFields(), CORS, text).origin == UNKNOWN_ORIGIN


def test_a_request_that_failed_is_asked_for_with_the_page_that_is_named() -> None:
    failed = Symptom("not-connected", "TypeError: Failed to fetch")
    text = "TypeError: Failed to fetch https://shop.example.com/api from https://app.example.net"
    assert with_message(RequestFields(), failed, text).origin == "https://app.example.net"
    bare = RequestFields()
    assert (
        with_message(bare, failed, "TypeError: Failed to fetch https://shop.example.com/") == bare
    )
    other = Symptom("not-connected", "cannot connect")
    told = "cannot connect to https://shop.example.com/ from https://app.example.net"
    assert with_message(bare, other, told) == bare


@pytest.mark.parametrize(
    "text",
    [
        f"fetch with username and password from {PAGE} to https://shop.example.com/api fails, CORS",
        f"desde {PAGE} el fetch con usuario y contraseña a https://shop.example.com/api da CORS",
        f"从 {PAGE} 带token 请求 https://shop.example.com/api 跨域失败",
    ],
)
def test_a_login_is_asked_for_before(text: str) -> None:
    fields = with_message(RequestFields(), CORS, text)
    assert (fields.method, fields.origin) == ("OPTIONS", PAGE)
    assert dict(fields.headers)["Access-Control-Request-Headers"] == "authorization"
    other = f"credentials mode is 'include' from {PAGE} to https://shop.example.com/api, CORS"
    assert with_message(RequestFields(), CORS, other).method == "GET"


def test_firefox_names_a_list_in_each_language() -> None:
    begin = (
        "Quellübergreifende (Cross-Origin) Anfrage blockiert: … auf https://shop.example.com/api."
    )
    text = (
        f"{begin} (Grund: Methode in CORS-Kopfzeile 'Access-Control-Allow-Methods' nicht gefunden)"
    )
    fields = with_message(RequestFields(), CORS, text)
    assert (fields.method, fields.origin) == ("OPTIONS", UNKNOWN_ORIGIN)
    assert fields.headers == (("Access-Control-Request-Method", "PUT"),)
    assert leaves_method_open(text)
    begin = (
        "Blocage d’une requête multiorigine (Cross-Origin Request) : … https://shop.example.com/a."
    )
    text = (
        f"{begin} Raison : l’en-tête « x-token » n’est pas autorisé d’après l’en-tête "
        "« Access-Control-Allow-Headers » de la réponse de pré-vérification des requêtes CORS."
    )
    fields = with_message(RequestFields(), CORS, text)
    assert fields.headers == (("Access-Control-Request-Headers", "x-token"),)


def test_a_method_that_is_named_is_not_open() -> None:
    assert not leaves_method_open("Method PUT is not allowed by Access-Control-Allow-Methods in it")
    assert not leaves_method_open("No 'Access-Control-Allow-Origin' header is present")
