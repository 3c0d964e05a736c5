"""Run several things at the same time, and tell of each when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

from tests.stages.outcome import Outcome
from tests.stages.process import end_all


def outcomes(jobs: Iterable[Callable[[], Outcome]], at_once: int) -> Iterator[Outcome]:
    """Run the jobs, begun in their order, and return each result as it comes.

    Args:
        jobs: what to run; programs that they start with `process.run` are ended when this one is interrupted.
        at_once: how many at a time.
    """
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        try:
            for done in as_completed([pool.submit(job) for job in jobs]):
                yield done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_all()
            raise
