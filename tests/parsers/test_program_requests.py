import pytest

from diagnose.parsers.program_requests import oversized_request, refused_request

FIBER = "14:03:07 | 413 | 0s | 172.17.0.1 | PUT | /release/app-1.0.jar | Request Entity Too Large"


@pytest.mark.parametrize(
    ("line", "method", "path"),
    [
        (FIBER, "PUT", "/release/app-1.0.jar"),
        ("\x1b[0mPOST /upload?x=1 \x1b[33m413\x1b[0m 1.204 ms - 1021", "POST", "/upload"),
        ('172.17.0.1 - - [29/Nov/2026] "POST /api/files HTTP/1.1" 413 -', "POST", "/api/files"),
        ("level=info method=PATCH path=/files/7 status=413 took=2ms", "PATCH", "/files/7"),
        ('{"method":"POST","path":"/a","status":413}', "POST", "/a"),
    ],
)
def test_the_line_of_a_refused_request(line: str, method: str, path: str) -> None:
    request = refused_request(f"started\n{line}\n{line}\nGET / 200\n", 413)
    assert request
    assert (request.method, request.path, request.times) == (method, path, 2)


@pytest.mark.parametrize(
    "line",
    [
        "GET /a 413",
        "POST /a 200 413kb",
        "POST /a 200 0.413s",
        "10.0.0.413 POST /a 200",
        "POST or PUT /a 413",
        "POST 413",
        "413 /a",
        "",
    ],
)
def test_another_line(line: str) -> None:
    assert refused_request(line, 413) is None


def test_a_request_that_succeeded_later() -> None:
    later = FIBER.replace("413", "200").replace("Request Entity Too Large", "-")
    assert refused_request(f"{FIBER}\n{later}\n", 413) is None
    assert refused_request(f"{later}\n{FIBER}\n", 413)


@pytest.mark.parametrize(
    "line",
    [
        "SvelteKitError: Content-length of 21553972 exceeds limit of 20000000 bytes.",
        "PayloadTooLargeError: request entity too large",
        "Microsoft.AspNetCore.Server.Kestrel.Core.BadHttpRequestException: "
        "Request body too large. The max request body size is 30000000 bytes.",
        "org.springframework.web.multipart.MaxUploadSizeExceededException: Maximum upload size",
        "http: request body too large",
        "Error: Body exceeded 1 MB limit.",
        "django.core.exceptions.RequestDataTooBig: Request body exceeded settings.",
    ],
)
def test_words_about_a_request_that_is_too_large(line: str) -> None:
    request = oversized_request(f"started\n{line}\n    at start\n")
    assert request
    assert (request.method, request.text, request.times) == ("", line, 1)


@pytest.mark.parametrize(
    "line", ["the limit for a body is 20000000 bytes", "client_max_body_size 20m", "413 files"]
)
def test_words_about_a_limit_that_nobody_met(line: str) -> None:
    assert oversized_request(line) is None
