from diagnose.parsers.usual_paths import is_hidden, is_usual_websocket


def test_a_usual_path_with_and_without_its_last_slash() -> None:
    assert is_usual_websocket("/ws")
    assert is_usual_websocket("/socket.io/")
    assert not is_usual_websocket("/")
    assert not is_usual_websocket("/shop/ws")


def test_hidden_files_and_folders() -> None:
    assert all(is_hidden(path) for path in ("/.env", "/.git/config", "/a/.htaccess?x=1"))
    known = ("/.well-known/acme-challenge/x", "/a.env", "/", "/a?b=/.c")
    assert not any(is_hidden(path) for path in known)
