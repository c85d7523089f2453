"""Progress: nothing where nobody looks."""

from farthing.cli.progress import progress


def test_a_pipe_gets_no_progress(capsys):
    with progress("looking", "reading") as told:
        told(5, None)
        told(5, 10)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_is_told_what_is_being_done(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress("looking", "reading") as told:
        told(5, None)
        told(5, 10)
    captured = capsys.readouterr()
    assert captured.out == ""
