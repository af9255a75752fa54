"""A job that takes long enough to be killed in the middle."""

import time


def add_up(run):
    total = 0
    for number in range(run.params["steps"]):
        total += number
        run.report(100 * number // run.params["steps"], f"加到 {number}")
        time.sleep(0.1)
    return {"total": total}
