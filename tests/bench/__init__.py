"""What ``make bench`` measures; ``python -m tests.bench`` writes ``bench_out/bench.md`` and ``bench_out/bench.json``."""
