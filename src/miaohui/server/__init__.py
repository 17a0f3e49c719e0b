"""Start-up: settings, the embedded engines, migrations, the one process that serves, and the command line."""
