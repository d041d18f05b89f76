from diagnose.model.processes import Holder
from diagnose.parsers.linux.processes import parse_holders, parse_programs


def test_the_states_of_processes() -> None:
    text = "37 (nginx) T 35 35 35\n38 (my (odd) name) D 1 1\nnothing\n"
    assert parse_holders(text) == (Holder(37, "nginx", "T"), Holder(38, "my (odd) name", "D"))


def test_at_most_a_hundred_are_read() -> None:
    assert len(parse_holders("".join(f"{pid} (x) S 1\n" for pid in range(1, 300)))) == 100


PROGRAMS = """\
program 3000 70
=name node
=started 1000
=exe /usr/bin/node (deleted)
=folder /srv/releases/1 (deleted)
=service shop.service
=command node server.js
=changed 2000 /srv/shop/.next/BUILD_ID
program /run/app.sock 71
=name python3
=started 1990
=folder /srv/app
=changed 1993 /srv/app/app.py
program 3000 x
=started 1
"""


def test_the_programs_that_listen() -> None:
    found = parse_programs(PROGRAMS)
    (node,), (python,) = found["3000"], found["/run/app.sock"]
    assert (node.pid, node.folder, node.file) == (70, "/srv/releases/1", "/usr/bin/node")
    assert (node.is_folder_gone, node.is_file_gone) == (True, True)
    assert node.is_older_than_its_file
    assert not python.is_older_than_its_file
    assert (node.title, python.title) == ("shop", "python3 (pid 71)")
    assert parse_programs("nothing") == {}
