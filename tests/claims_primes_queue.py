"""Results with which each claim on queues of work holds, and results with which it differs."""


def rounds(seconds):
    return [seconds, 1.2 * seconds, 1.1 * seconds]


def queue(nbr_numbers=4_000, nbr_primes=222, serial=1.0, **times):
    """Return a measurement of Figure 9-14; ``times`` such as ``all_2=2.5`` or ``odd_8=1.5``."""
    seconds = {"all_1": 5.0, "all_2": 4.0, "all_4": 4.8, "all_8": 5.5}
    seconds |= {"odd_1": 2.5, "odd_2": 2.0, "odd_4": 2.4, "odd_8": 2.7} | times
    kinds = {"all": "all numbers", "odd": "odd numbers only"}
    runs = [{"kind": "serial", "workers": 1, "seconds": rounds(serial), "nbr_primes": nbr_primes}]
    for key, time in seconds.items():
        kind, workers = key.split("_")
        run = {"kind": kinds[kind], "workers": int(workers), "seconds": rounds(time)}
        runs.append({**run, "nbr_primes": nbr_primes})
    return {"fig_9_14": {"sizes": {"nbr_numbers": nbr_numbers}, "runs": runs}}


def compared(fed, workers=4):
    name = f"{{}}, {workers} worker{'s'[: workers != 1]}"
    times = {name.format("queue"): 1.0, name.format("queue fed by a thread"): fed}
    ways = [{"job": "100 numbers", "name": name, "seconds": rounds(times[name])} for name in times]
    return {"compare_primes_queue": {"workers": workers, "ways": ways}}


# What a claim says -> results with which it holds, results with which it differs.
CASES = {
    "one process without a queue beats every run with one": (
        queue(all_2=1.5),
        queue(all_4=0.8),
    ),
    "with a queue, communication takes most of the time": (queue(all_1=2.5), queue(all_1=1.5)),
    "two workers on a queue are a little faster than one": (queue(all_2=4.0), queue(all_2=7.0)),
    "four workers on a queue are slower than two": (queue(all_4=4.5), queue(all_4=2.5)),
    "eight workers on a queue are slower than two": (queue(all_8=4.5), queue(all_8=2.5)),
    "without the even numbers, every run with a queue is faster": (
        queue(odd_8=4.0),
        queue(odd_8=6.0),
    ),
    "and yet none of them beats the process without a queue": (
        queue(odd_8=1.5),
        queue(odd_8=0.8),
    ),
    "feeding the queue from a thread costs nothing": (compared(1.05), compared(1.6, workers=1)),
    "there are 54,208 primes in the full range": (
        queue(1_000_000, 54_208),
        queue(1_000_000, 54_207),
    ),
}
