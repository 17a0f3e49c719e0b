"""Measured, not believed: `miaohui bench claims` starts a server of its own in a throw-away folder, drives it from a second
process over HTTP, checks every answer and prints a table. `stand` is that server, `load` the driver; tests of faults use both."""
