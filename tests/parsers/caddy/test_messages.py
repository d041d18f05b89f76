from diagnose.parsers.caddy.messages import last_error, parse_error, parse_version


def test_versions() -> None:
    assert parse_version("2.6.2\n") == "2.6.2"
    assert parse_version("v2.8.4 h1:q3pe0wpBj1OcHFZ3n/1nl4V4bxBrYoSoab7rL9BMYNk=\n") == "2.8.4"
    assert parse_version("caddy: not found") == ""


def test_an_error_has_its_file_and_line() -> None:
    error = parse_error("Error: Caddyfile:2: unrecognized directive: foo\n")
    assert (error.file, error.line) == ("Caddyfile", 2)
    error = parse_error("Error: /etc/caddy/Caddyfile:2 - Error during parsing: Unexpected EOF")
    assert (error.file, error.line) == ("/etc/caddy/Caddyfile", 2)
    newer = (
        "Error: adapting config using caddyfile: parsing caddyfile tokens for 'tls': unknown "
        "subdirective: foo, at /etc/caddy/Caddyfile:6"
    )
    assert parse_error(newer).line == 6
    assert parse_error("Error: something else").file == ""


def test_the_last_error_of_the_log() -> None:
    row = '{"level":"error","msg":"could not get certificate from issuer","error":"HTTP 400"}'
    assert last_error((row, '{"level":"info","msg":"x"}', "{")) == (
        "could not get certificate from issuer: HTTP 400"
    )
    assert last_error(("a", "Error: Caddyfile:1: x")) == "Caddyfile:1: x"
    assert last_error(()) == ""
