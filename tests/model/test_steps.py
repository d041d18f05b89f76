from diagnose.model import Applicability, Command, Edit, Effect, Fix, Risk, Where


def test_an_edit_changes_the_content_of_its_own_file() -> None:
    edit = Edit("/etc/nginx/nginx.conf", "")
    assert (edit.changes, edit.aspect) == (("/etc/nginx/nginx.conf",), "content")


def test_a_command_that_says_no_more_is_for_root_on_the_server_and_has_no_undo() -> None:
    command = Command(("nginx", "-s", "reload"), Effect.CHANGE)
    assert (command.where, command.root) == (Where.SERVER, True)
    assert (command.undo, command.changes) == ((), ())
    assert command.risk is Risk.CHANGES_SYSTEM


def test_a_fix_may_be_executed_unless_it_says_otherwise() -> None:
    assert Fix(()).applicability is Applicability.AUTOMATIC
