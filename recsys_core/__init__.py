"""The recommender itself: plain Python, NumPy/SciPy, implicit and Optuna.

No orchestration, tracking, web framework, environment variable or clock in here.
"""
