"""The load benchmark: `python3 dev.py bench`, `yett bench`, `.venv/bin/python -m bench --help`."""
