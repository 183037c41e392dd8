"""Waiting for conditions, each with a deadline: no test sleeps for a time that it guesses."""

import time

DEADLINE_SECONDS = 30  # For what takes milliseconds on a quiet machine.


def wait_for(condition, what, seconds=DEADLINE_SECONDS):
    """Calls `condition` until it answers something true, and answers that."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= end:
            raise AssertionError('after %d s still no %s' % (seconds, what))
        time.sleep(0.01)
