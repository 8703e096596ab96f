"""Draw Figure 9-16: what a flag in Redis or in a Manager costs and saves.

Chapter: Figure 9-16
Run:     python prime_verification_ipc/fig_9_16_slower_ipc.py
         python prime_verification_ipc/fig_9_16_slower_ipc.py --workers 2,4 --repeat 5
See:     primes take longer with a flag, since each read is a message to another process and back.
         For a non-prime, the pool without a flag tries all shares but one to their end, so that the
         serial script, which ends at the factor, may be faster; with a flag, all workers stop once
         the factor is found. How far into a share that is depends on the number of workers: with
         two, the factor of large non-prime 1 lies at 60 % of the first share, so little is saved;
         with four, at 21 % of the second. The factor of large non-prime 2 lies near the start of a
         share either way. The small non-prime ends before the pool gets a job: there the time is
         that of clearing the flag.
Differs: the large non-primes gain from these flags as in the chapter only where the factor lies
         early in its share. Without a Redis server, the figure has no Redis flag.
"""

from common import cli, plots

import verification_speed as speed

FLAGS = (speed.MANAGER, speed.REDIS)


def measure(args):
    """Return the durations of serial, of the pool without a flag and of those with a slow flag."""
    with speed.redis_if_any(args.redis_url) as redis_url:
        flags = [name for name in FLAGS if name != speed.REDIS or redis_url]
        names = [speed.POOL, *flags, speed.SERIAL]
        return {"fig_9_16": speed.measure(args, names, redis_url)}


def finding(data):
    """Describe what the flags cost and save."""
    sentences = [speed.finding(data, FLAGS)]
    if speed.REDIS not in {run["way"] for run in data["runs"]}:
        sentences.append("Redis was left out: there was no server.")
    return " ".join(filter(None, [*sentences, speed.stand_ins(data)]))


def draw(data):
    """Return the figure."""
    return speed.draw(data, "What does a flag in Redis or a Manager cost and save?", finding(data))


def main():
    parser = plots.parser(__doc__, quick=4, book=20, in_chapter=True)
    speed.prime_check.add_numbers(parser)
    cli.add_redis_url(parser)
    plots.main(parser, {"fig_9_16": draw}, measure)


if __name__ == "__main__":
    cli.run(main)
