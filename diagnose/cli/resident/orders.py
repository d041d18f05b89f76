"""What a caller asks of the resident."""

from diagnose.model.frozen import frozen

#: Standard input, output and error, and the working folder.
FILES = 4


@frozen
class Order:
    """`identity` has to be that of the resident; `environment` are the variables, as NAME=VALUE."""

    identity: tuple[bytes, ...]
    words: tuple[bytes, ...]
    environment: tuple[bytes, ...]


def parse_order(message: bytes) -> Order:
    """Read a request (`diagnose.processes.resident_client.request_message`). Raise ValueError."""
    head, *fields = message.split(b"\0")
    identity_size, words = map(int, head.split())
    if not 0 <= identity_size <= identity_size + words <= len(fields) or words < 1:
        raise ValueError("not a request")
    end = identity_size + words
    return Order(
        tuple(fields[:identity_size]), tuple(fields[identity_size:end]), tuple(fields[end:])
    )
