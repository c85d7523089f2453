"""Progress of long reading: a line on the screen of whoever waits, and nothing in a pipe."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from farthing.reports.reading import Progress, no_progress


@contextmanager
def progress(what: str, then: str) -> Iterator[Progress]:
    """Tells of `what` while nobody knows how much there is, and of `then` with a bar."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from farthing.cli.screen import screen

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=screen(err=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def told(done: int, of: int | None) -> None:
            bar.update(task, completed=done, total=of, description=what if of is None else then)

        yield told
