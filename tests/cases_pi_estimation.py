"""How the suite runs the scripts of pi_estimation/."""

from support import Case

PI = r"Estimated pi \d\.\d{8} \(standard error 0\.\d{8}\)"

CASES = {
    "pi_estimation/pi_lists_series.py": Case(
        args=("--nbr_samples_in_total", "10_001"),
        output=(
            r"Executing estimate_nbr_points_in_quarter_circle with 10,001 on pid \d+",
            PI,
            r"Delta: \d+\.\d{6} s",
        ),
        workers=False,
        long=("--scale", "book"),
        victims=False,
        bad=(("--nbr_samples_in_total", "0"), ("--nbr_samples_in_total", "1e400")),
    ),
    "pi_estimation/pi_lists_parallel.py": Case(
        args=("3", "--nbr_samples_in_total", "10_001"),
        output=(
            r"Making 3,334 samples per 3 worker\(s\)",
            r"Executing estimate_nbr_points_in_quarter_circle with 3,33\d on pid \d+",
            PI,
            r"Delta: \d+\.\d{6} s",
        ),
        long=("2", "--nbr_samples_in_total", "1e9"),
        bad=(("2", "--nbr_samples_in_total", "0"), ("2", "--nbr_samples_in_total", "1e400")),
    ),
}
