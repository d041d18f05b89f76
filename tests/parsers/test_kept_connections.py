from diagnose.parsers.kept_connections import CurlAnswer, parse_answers

HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"


def test_reads_two_answers_of_one_connection() -> None:
    text = f"{HEAD}Keep-Alive: timeout=5, max=9\r\n\r\nanswered 200 1 0.004211\n{HEAD}"
    text += "Connection: close\r\n\r\nanswered 200 0 0,000811\n"
    assert parse_answers(text) == (
        CurlAnswer(200, 1, 0.004211, False, 5),
        CurlAnswer(200, 0, 0.000811, True, 0),
    )


def test_reads_that_no_answer_came() -> None:
    (answer,) = parse_answers("answered 000 0 3.001122\n")
    assert answer == CurlAnswer(None, 0, 3.001122, False, 0)


def test_reads_nothing_of_other_words() -> None:
    assert not parse_answers("curl: (7) Failed to connect\nanswered 200\nx answered 200 1 0.1\n")
