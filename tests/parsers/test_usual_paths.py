from diagnose.parsers.usual_paths import is_usual_websocket


def test_a_usual_path_with_and_without_its_last_slash() -> None:
    assert is_usual_websocket("/ws")
    assert is_usual_websocket("/socket.io/")
    assert not is_usual_websocket("/")
    assert not is_usual_websocket("/shop/ws")
