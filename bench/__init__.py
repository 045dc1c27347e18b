"""`python -m bench`: what the gateway costs, beside pinned baselines measured in the same run.

Nothing in here is imported by the product or by its tests.
"""
