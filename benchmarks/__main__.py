"""Run the benchmarks and print a table; ``python -m benchmarks [NAME…] [--plot FILE]``."""

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from benchmarks import (
    boosting,
    clusters,
    collecting,
    extraction,
    first_paint,
    growth,
    importing,
    loop,
    pages,
    predicting,
    pretrained,
    scoring,
    searching,
    sessions,
    starting,
)

BENCHMARKS = {
    "extraction": extraction.run,
    "44.1 kHz": extraction.at_its_rate,
    "resampled": extraction.resampled,
    "librosa": extraction.against_librosa,
    "cluster": clusters.run,
    "import": importing.run,
    "training": loop.run,
    "predicting": predicting.run,
    "previews": collecting.run,
    "pretrained": pretrained.run,
    "trees": boosting.run,
    "scores": scoring.run,
    "search": searching.run,
    "titles": searching.of_real_titles,
    "pages": pages.run,
    "sessions": sessions.run,
    "paint": first_paint.run,
    "start": starting.importing,
    "help": starting.helping,
    "app": starting.app,
    "growth": growth.run,
}
RESULTS = Path("artifacts") / "bench.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--plot", type=Path, metavar="FILE", help="where to draw how cost grows, as SVG or PNG")
    asked = parser.parse_args()
    names = asked.names or list(BENCHMARKS)
    if unknown := sorted(set(names) - set(BENCHMARKS)):
        parser.error(f"There is no benchmark {unknown[0]!r}. Choose from: {', '.join(BENCHMARKS)}.")
    measures = {**BENCHMARKS, "growth": partial(growth.run, asked.plot)}
    results = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr)
        results.append({"name": name, **measures[name]()})
    print(f"{'benchmark':<12} {'Songfeat':>10} {'against':>10} {'ratio':>7}  what is compared")
    for one in results:
        times = f"{one['seconds']:>9.2f}s {one['against_seconds']:>9.2f}s {one['ratio']:>7.2f}"
        print(f"{one['name']:<12} {times}  {one['what']}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
