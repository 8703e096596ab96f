"""Draw Figure 9-8: how threads and processes divide the time of numpy arithmetic.

Chapter: Figure 9-8; text on Amdahl's law
Run:     python pi_estimation/fig_9_08_numpy_speed.py
         python pi_estimation/fig_9_08_numpy_speed.py --from results/fig_9_08.json
See:     unlike in Figure 9-2, threads gain something too: numpy releases the GIL for its
         arithmetic, but its one global random generator is locked, also on a free-threaded build.
         Each process has its own. On two CPUs, what threads gain may be hard to see. One thread
         does the serial script's work: points that are less apart than the repeats scatter, as the
         text's last line says, may differ by noise alone. More threads than CPUs may gain more:
         smaller arrays may reuse memory that is at hand, or fit in a cache. Threads may reuse the
         pages of the call before; the processes of each call are new and touch pages of their own:
         so one process takes longer than the serial script (in the chapter they are alike), and
         more processes than CPUs take longer than as many as CPUs.
         The curve is Amdahl's law, T(n) = a + b / n, fitted to the processes that had a CPU each.
         The serial share is a / (a + b); it counts as serial whatever keeps two processes from
         being twice as fast (see fig_9_02_lists_speed.py). With two usable CPUs the curve fits
         their ratio by round exactly, unless two processes are slower than one, or more than twice
         as fast; its interval then reflects the scatter of the repeats alone. A negative serial
         share counts as none: halves of an array that fit in a cache can take less than half the
         time of the whole.
Differs: the chapter gives no seconds for this figure, so none of its are drawn. Each way is called
         twice and the second call counts: the first touch of memory that was free for a while can
         cost a virtual machine more than the work.
"""

import functools

from common import cli, plots, results, timing

import pi_check
import pi_numpy_parallel
import pi_numpy_serial
import pi_speed

THREADS = {
    True: "With the GIL, which numpy releases for its arithmetic, threads wait for the lock of its "
    "one random generator.",
    False: "Without the GIL, too, threads wait for the lock of numpy's one random generator.",
}


def measure(args):
    """Return the durations of the serial run, threads and processes (see pi_speed.measure)."""
    pi_check.require_memory(args.nbr_samples_in_total)
    modules = pi_numpy_serial, pi_numpy_parallel
    time_second = functools.partial(results.second, timing.timed)
    return {"fig_9_08": pi_speed.measure(args, *modules, time_second)}


def draw(data):
    """Return the figure."""
    return pi_speed.draw(data, "Do threads or processes speed up numpy arrays?", THREADS)


def main():
    parser = plots.parser(__doc__, workers="1,2,4,8", quick=28, book=5)
    pi_check.add_size(parser, quick=2_500_000)
    plots.main(parser, {"fig_9_08": draw}, measure)


if __name__ == "__main__":
    cli.run(main)
