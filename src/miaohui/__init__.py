"""Miaohui: plan, run and review marketing campaigns. The tree reads like the work; start at `server/command.py`."""

__version__ = "0.1.0"
