"""The web page: `streamlit run app.py`."""

from ui.pages import run

run()
