from diagnose.parsers.nginx import install_paths


def test_each_list_is_of_the_same_installations() -> None:
    count = len(install_paths.INSTALLATIONS)
    lists = (install_paths.PROGRAMS, install_paths.CONFIG_FOLDERS, install_paths.MAIN_FILES)
    assert [len(set(paths)) for paths in lists] == [count] * 3
    assert all(path.startswith("/") for paths in lists for path in paths)
