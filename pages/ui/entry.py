"""Why there are small files of the pages' names directly in ``pages/``.

Beside an app with a folder ``pages/``, Streamlit takes the first request that a
fresh server gets for one to the scripts directly in there, before app.py has
said which pages there are. A bookmark, or a tab that is still open when the
server starts anew, would be told "Page not found". So a script of each page's
name stands there, and runs app.py, which then knows better.
"""

import runpy
from pathlib import Path


def run_app() -> None:
    """Run app.py as the server would."""
    runpy.run_path(str(Path(__file__).resolve().parent.parent.parent / "app.py"), run_name="__main__")
