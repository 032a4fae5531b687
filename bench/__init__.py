"""The benchmarks: every figure next to its floor or goal, in one run on one machine. They judge nothing."""
