import ctypes
import os
import socket

import pytest

from diagnose.cli.resident.callers import StrangerError, check_caller, surroundings
from tests.support.resident import in_child

PR_SET_NO_NEW_PRIVS = 38  # prctl(2)


def test_a_process_matches_itself() -> None:
    assert surroundings(os.getpid()).matches(surroundings(os.getpid()))


def test_a_caller_of_the_same_surroundings_is_served() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        assert check_caller(ours, surroundings(os.getpid())).umask == umask()


def umask() -> int:
    current = os.umask(0o22)
    os.umask(current)
    return current


def test_fewer_privileges_do_not_match() -> None:
    def give_up_privileges() -> None:
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)

    own = surroundings(os.getpid())
    with in_child(give_up_privileges) as pid:
        assert not surroundings(pid).matches(own)


def test_another_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    own = surroundings(os.getpid())
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, pytest.raises(StrangerError, match="another user"):
        check_caller(ours, own)


def test_a_caller_that_has_ended_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    own = surroundings(os.getpid())
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def vanished(pid: int) -> int:
        raise ProcessLookupError

    monkeypatch.setattr(os, "pidfd_open", vanished)
    with ours, theirs, pytest.raises(StrangerError, match="examined"):
        check_caller(ours, own)


def test_umask_priority_and_descriptors_are_taken_over() -> None:
    def change() -> None:
        os.umask(0o27)
        os.nice(3)

    with in_child(change) as pid:
        theirs = surroundings(pid)
        assert theirs.matches(surroundings(os.getpid()))
    with in_child(theirs.adopt) as pid:
        assert surroundings(pid) == theirs
