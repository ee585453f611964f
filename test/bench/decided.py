"""Score several folders of decisions on the same series: decided.py TOOLS DATA_DIR SCORES_DIR...

Prints a list of nabscore.py's reports. Everything is nabscore.py's own; what depends on the series alone is worked
out once and not once a folder.
"""

import functools
import json
import sys

sys.path.insert(0, sys.argv[1])
import nabscore  # noqa: E402

nabscore.read_series = functools.cache(nabscore.read_series)
nabscore.stamp = functools.cache(nabscore.stamp)
rewards = functools.cache(nabscore.rewards)
nabscore.rewards = lambda rows, windows: rewards(rows, tuple(windows))
json.dump([nabscore.report(nabscore.load(sys.argv[2], scores), 0.5) for scores in sys.argv[3:]], sys.stdout)
