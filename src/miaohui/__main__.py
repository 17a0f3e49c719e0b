"""`python -m miaohui` is the command `miaohui`."""

from miaohui.server.command import main

main()
