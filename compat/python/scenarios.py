"""Runs scenarios one by one and prints a line of JSON for each: its name, and what went wrong if anything did."""

import json
import sys
import traceback


def run(scenarios):
    bootstrap = sys.argv[1]
    for scenario in scenarios:
        result = {"scenario": scenario.__name__.replace("_", " ")}
        try:
            scenario(bootstrap)
        except BaseException as error:  # a scenario that exits is a failed one
            result["error"] = f"{type(error).__name__}: {error}"
            result["trace"] = traceback.format_exc()[-1500:]
        print(json.dumps(result), flush=True)


def expect(found, wanted):
    if found != wanted:
        raise AssertionError(f"found {found!r}, wanted {wanted!r}")
