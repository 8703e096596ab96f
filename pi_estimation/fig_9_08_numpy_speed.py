"""Draw Figure 9-8: how threads and processes divide the time of arithmetic on numpy arrays.

Chapter: Figure 9-8; text on Amdahl's law
Run:     python pi_estimation/fig_9_08_numpy_speed.py
         python pi_estimation/fig_9_08_numpy_speed.py --from results/fig_9_08.json
See:     unlike those of Figure 9-2, threads gain something too: numpy releases the GIL for its
         arithmetic, while its one global generator of random numbers is locked. Processes have a
         generator each. The curve is Amdahl's law, T(n) = a + b / n, fitted to the processes that
         had a CPU each; a / (a + b) is the serial share. With two usable CPUs it goes through two
         points, so that it fits whatever they are: its uncertainty is that of the repeats alone.
         Less than no serial share counts as none: halves of an array that fit in a cache can take
         less than half the time of the whole.
Differs: the chapter names no seconds for this figure, so that none of its are drawn.
"""

from common import cli, plots

import pi_check
import pi_numpy_parallel
import pi_numpy_serial
import pi_speed


def measure(args):
    """Return the durations of serial, threads and processes (see pi_speed.measure)."""
    pi_check.require_memory(args.nbr_samples_in_total)
    return {"fig_9_08": pi_speed.measure(args, pi_numpy_serial, pi_numpy_parallel)}


def draw(data):
    """Return the picture."""
    return pi_speed.draw(data, "Do threads or processes speed up numpy arrays?")


def main():
    parser = plots.parser(__doc__, workers="1,2,4,8", quick=7, book=5)
    pi_check.add_size(parser, quick=10_000_000)
    plots.main(parser, {"fig_9_08": draw}, measure)


if __name__ == "__main__":
    cli.run(main)
