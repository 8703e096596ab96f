"""What two or more sections share: arguments and exits, timing, splitting, workers, Redis."""
