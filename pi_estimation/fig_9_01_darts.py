"""Draw Figure 9-1: darts in the unit square, and how widely estimates of pi scatter.

Chapter: Figure 9-1
Run:     python pi_estimation/fig_9_01_darts.py
         python pi_estimation/fig_9_01_darts.py --nbr_samples_in_total 1000
See:     about pi / 4 of the darts lie inside the quarter circle; the histogram shows how widely the
         estimates scatter in --repeat runs with the same number of darts. A hundred times the darts
         give one more decimal.
Differs: numpy draws the darts; the chapter's range of estimates is drawn beside ours. Its 3.0 is
         over 8 standard errors from pi: 10,000 darts practically never give it.
         --workers and --start-method have no effect here.
"""

import statistics

from common import cli, plots, results

import numpy as np
import pi_check
import pi_numpy_serial

CHAPTER = {10_000: (3.0, 3.2)}  # darts -> the range of the estimates
DECIMALS = 6  # of a stored coordinate


def measure(args):
    """Return the darts to draw (x and y), and estimates of pi from other darts, as many each."""
    nbr_samples = args.nbr_samples_in_total
    xs, ys = np.random.default_rng().random((2, nbr_samples)).round(DECIMALS).tolist()
    estimates = [
        pi_check.estimate_pi(
            pi_numpy_serial.estimate_nbr_points_in_quarter_circle(nbr_samples), nbr_samples
        )
        for _ in results.progress(range(args.repeat))
    ]
    return {"fig_9_01": {"x": xs, "y": ys, "estimates": estimates}}


def finding(estimate, estimates, nbr_samples):
    """Describe the estimate from the drawn darts, and how the others scatter."""
    off = statistics.median(abs(other - np.pi) for other in estimates)
    drawn = f"These {nbr_samples:,} darts give {estimate:.4f}."
    if len(estimates) == 1:
        return f"{drawn} Another run with as many gives {estimates[0]:.4f}."
    return (
        f"{drawn} In {len(estimates):,} more runs with as many darts each, the estimates range "
        f"from {min(estimates):.4f} to {max(estimates):.4f}; half of them are off by {off:.4f} or "
        "more."
    )


def draw(data):
    """Return the figure."""
    xs, ys, estimates = np.array(data["x"]), np.array(data["y"]), data["estimates"]
    inside = xs * xs + ys * ys <= 1
    estimate = 4 * inside.sum() / len(xs)
    figure, (square, histogram) = plots.new(
        data,
        f"How well do {len(xs):,} darts estimate pi?",
        finding(estimate, estimates, len(xs)),
        height=6.4,
        ncols=2,
        width_ratios=(5, 2),
    )
    for number, (where, label) in enumerate(((inside, "inside"), (~inside, "outside"))):
        style = {**plots.style(number), "marker": ".x"[number], "linestyle": "none"}
        square.plot(xs[where], ys[where], **style, markersize=3)
        square.plot([], [], **style, markersize=8, label=f"{where.sum():,} darts {label}")
    angles = np.linspace(0, np.pi / 2, 200)
    truth = {"color": plots.COLOURS[6], "linewidth": 2}
    square.plot(np.cos(angles), np.sin(angles), **truth, label="quarter circle; pi")
    square.set(aspect="equal", xlim=(0, 1), ylim=(0, 1), xlabel="x", ylabel="y")
    histogram.hist(
        estimates,
        bins=25,
        orientation="horizontal",
        color=plots.COLOURS[2],
        label="estimates of pi",
    )
    histogram.axhline(np.pi, **truth)
    if len(xs) in CHAPTER:
        histogram.plot(
            [0.5, 0.5],  # of the width
            CHAPTER[len(xs)],
            transform=histogram.get_yaxis_transform(),
            label="the chapter's range",
            **plots.CHAPTER,
        )
    histogram.set_xlabel("runs")
    histogram.set_ylabel(f"pi estimated by {len(xs):,} darts")
    plots.thousands(histogram.xaxis)
    plots.legend(figure, columns=3)
    return figure


def main():
    parser = plots.parser(__doc__, workers="1", quick=1_000, book=1_000)
    cli.add_size(
        parser,
        "--nbr_samples_in_total",
        quick=10_000,
        book=10_000,
        help="darts to draw, and in each of the other runs",
        maximum=1_000_000,
    )
    plots.main(parser, {"fig_9_01": draw}, measure)


if __name__ == "__main__":
    cli.run(main)
