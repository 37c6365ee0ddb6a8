"""The tests of all packages; `tests.pin` and `tests.benchmarks` are commands. Nothing here is shipped."""
