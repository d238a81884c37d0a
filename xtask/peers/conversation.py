"""How a worker is spoken to: a line of JSON in, a line of JSON out. Rounds come one by one, so that all
sides can be measured in turns while each keeps its process, its caches and its compiled code."""

import json
import sys
import time


def peak_memory():
    """The most that this process ever had resident, in bytes; None where the system does not say."""
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def timed(work, seconds):
    """Calls `work`, which says how many steps it made, until so many seconds have passed."""
    steps, start = 0, time.perf_counter()
    while True:
        steps += work()
        passed = time.perf_counter() - start
        if passed >= seconds:
            return {"steps": steps, "seconds": passed}


def least(works, seconds):
    """The least seconds a step of each work over three turns of so many seconds."""
    turns = [[timed(work, seconds) for work in works] for _ in range(3)]
    return [min(turn["seconds"] / turn["steps"] for turn in turns) for turns in zip(*turns)]


def serve(answer):
    """Answers every line of standard input until it ends."""
    for line in sys.stdin:
        reply = answer(json.loads(line))
        reply["peak_memory"] = peak_memory()
        print(json.dumps(reply), flush=True)
