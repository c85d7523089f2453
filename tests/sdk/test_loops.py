"""The caller's loop, asyncio's and trio's alike: letters from other threads, work in threads, and who is cancelled when."""

import asyncio
import contextvars
import subprocess
import sys
import threading
from concurrent.futures import Future

import pytest
import trio

from farthing.sdk.errors import Misused
from farthing.sdk.loops import here

RUNNERS = {"asyncio": asyncio.run, "trio": lambda coroutine: trio.run(lambda: coroutine)}
SAID = contextvars.ContextVar("said", default="nothing")


@pytest.fixture(params=sorted(RUNNERS))
def run(request):
    return RUNNERS[request.param]


def later(act, *values):
    thread = threading.Thread(target=act, args=values)
    thread.start()
    return thread


def test_letters_come_in_the_order_in_which_another_thread_posted_them(run):
    async def main():
        loop = here()
        box = loop.mailbox()

        def post():
            for number in range(100):
                loop.soon(box.put, number)

        thread = later(post)
        found = [await box.get() for _ in range(100)]
        thread.join()
        return found

    assert run(main()) == list(range(100))


def test_a_loop_that_is_closed_takes_nothing(run):
    async def main():
        return here()

    loop = run(main())
    with pytest.raises(RuntimeError):
        loop.soon(print, "nobody hears this")


def test_work_in_a_thread_sees_what_its_caller_set(run):
    async def main():
        SAID.set("a budget")
        return await here().in_thread(lambda: (SAID.get(), threading.current_thread() is threading.main_thread()))

    assert run(main()) == ("a budget", False)


@pytest.mark.parametrize("wait", ["answer", "heard"])
def test_an_answer_from_another_thread_is_waited_for(run, wait):
    async def main():
        future = Future()
        thread = later(future.set_result, "here")
        found = await getattr(here(), wait)(future)
        thread.join()
        return found

    assert run(main()) == "here"


@pytest.mark.parametrize("wait", ["answer", "heard"])
def test_an_error_from_another_thread_is_raised_where_it_is_waited_for(run, wait):
    async def main():
        future = Future()
        future.set_exception(ValueError("no"))
        await getattr(here(), wait)(future)

    with pytest.raises(ValueError, match="no"):
        run(main())


def test_whoever_is_cancelled_under_trio_cancels_what_it_asked_for():
    future = Future()

    async def main():
        with trio.CancelScope() as scope:
            scope.cancel()
            await here().answer(future)

    trio.run(main)
    assert future.cancelled()


def test_what_must_be_done_is_waited_for_under_trio_by_whoever_was_cancelled_before():
    found = []

    async def main():
        future = Future()
        with trio.CancelScope() as scope:
            scope.cancel()
            thread = later(future.set_result, "counted")
            found.append(await here().heard(future))
            found.append(await here().in_thread(lambda: "closed"))
        thread.join()

    trio.run(main)
    assert found == ["counted", "closed"]


def test_an_answer_that_comes_when_the_run_is_over_harms_nobody():
    future = Future()
    running = future.set_running_or_notify_cancel()  # it can not be cancelled any more

    async def main():
        with trio.move_on_after(0):
            await here().answer(future)

    trio.run(main)
    future.set_result("too late")
    assert running


def test_a_task_of_nobodys_runs_on_and_its_fault_is_logged_and_ends_nothing(run, caplog):
    async def main():
        loop = here()
        box = loop.mailbox()

        async def fails():
            raise ValueError("a fault")

        async def works():
            box.put("worked")

        loop.begin(fails)
        loop.begin(works)
        return await box.get()

    assert run(main()) == "worked"
    assert "a fault" in caplog.text


def test_without_a_loop_it_is_said_which_there_may_be():
    with pytest.raises(Misused, match="asyncio and on trio"):
        here()


def test_trio_is_not_imported_by_those_who_do_not_run_it():
    program = (
        "import asyncio, sys\n"
        "from farthing.sdk.loops import here\n"
        "async def main(): here()\n"
        "asyncio.run(main())\n"
        "print('trio' in sys.modules)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"
