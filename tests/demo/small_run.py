"""`miaohui run` on small files instead of the whole Complete Journey: small_run.py FILES."""

import sys
from pathlib import Path

from miaohui.customers.complete_journey import source
from miaohui.server.command import run

if __name__ == "__main__":
    files = Path(sys.argv[1])
    source.installed = lambda: files
    run()
