"""Draw Figure 9-2: how threads and processes divide the time of a loop over Python objects.

Chapter: Figure 9-2; text on Amdahl's law
Run:     python pi_estimation/fig_9_02_lists_speed.py
         python pi_estimation/fig_9_02_lists_speed.py --from results/fig_9_02.json
See:     processes divide the time up to the number of CPUs and hardly further; threads gain
         nothing, because the GIL lets only one thread at a time run Python code. On a free-threaded
         build they gain nothing either: random.uniform is a method of one Random, and the threads
         wait for its lock instead. (With a Random each they gain: pi_lists_threads.py.) Points that
         are less apart than the repeats scatter, as the text's last line says, may differ by noise
         alone: one thread does the serial script's work.
         The curve is Amdahl's law, T(n) = a + b / n, fitted to the processes that had a CPU each.
         The serial share is a / (a + b). It counts as serial whatever keeps two processes from
         being twice as fast: the sending of jobs, the wait for the slower one, CPUs that slow each
         other. Most of that would not stay serial on 16 CPUs, and more darts make it smaller. (The
         chapter's 71 and 37 s make 4 %.) With two usable CPUs the curve fits their ratio by round
         exactly, unless two processes are slower than one, or more than twice as fast; its interval
         then reflects the scatter of the repeats alone.
         Grey circles: the chapter's 71, 37 and 19 s, for the same serial time. Of 8 processes it
         says no number, but that they hardly gain more than 4.
"""

from common import cli, plots

import pi_check
import pi_lists_parallel
import pi_lists_series
import pi_speed

CHAPTER = {1: 71, 2: 37, 4: 19}  # seconds, for 1e8 darts


def measure(args):
    """Return the durations of the serial run, threads and processes (see pi_speed.measure)."""
    return {"fig_9_02": pi_speed.measure(args, pi_lists_series, pi_lists_parallel)}


def draw(data):
    """Return the figure."""
    title = "Do threads or processes speed up a loop in Python?"
    return pi_speed.draw(data, title, pi_speed.LOOP_IN_THREADS, CHAPTER)


def main():
    parser = plots.parser(__doc__, workers="1,2,4,8", quick=14, book=5)
    pi_check.add_size(parser, quick=500_000)
    plots.main(parser, {"fig_9_02": draw}, measure)


if __name__ == "__main__":
    cli.run(main)
